"""Secrets in AWS Secrets Manager and SSM Parameter Store (boto3)."""

from contextlib import closing
from dataclasses import dataclass
from typing import Any

import boto3
from botocore.config import Config

from collector.adapters.aws_secret_errors import (
    PARAMETER_STORE,
    SECRETS_MANAGER,
    SecretErrand,
    quiet_loggers,
    translating,
)
from collector.core.errors import SecretRefused

_PATIENCE = Config(connect_timeout=3, read_timeout=5, retries={"mode": "standard", "total_max_attempts": 4})
_REGION = 3
"""Where the region stands in an ARN: arn:partition:service:region:account:resource."""


@dataclass(frozen=True, slots=True)
class AwsSecret:
    """A secret by its ARN or name: one in Parameter Store has an ARN of `ssm`, or a name that begins with a slash."""

    name: str

    def read(self) -> str:
        """Return the text of the secret as it is now: AWSCURRENT, decrypted. Raises as `Secret` of the ports does.

        By boto3's own settings (profile, role, endpoint); the region is the ARN's when there is one.
        """
        quiet_loggers()
        with translating(self.errand), closing(self._client()) as client:
            if self.is_parameter:
                answer = client.get_parameter(Name=self.name, WithDecryption=True)
                text = answer.get("Parameter", {}).get("Value")
            else:
                text = client.get_secret_value(SecretId=self.name).get("SecretString")
        if text is None:
            message = f"{self.errand} holds no text"
            storing = f"aws secretsmanager put-secret-value --secret-id {self.name} --secret-string ..."
            raise SecretRefused(message, hint=f"store it as text: {storing}")
        return str(text)

    @property
    def errand(self) -> SecretErrand:
        """Return how messages name it."""
        return SecretErrand(self.name, PARAMETER_STORE if self.is_parameter else SECRETS_MANAGER)

    @property
    def is_parameter(self) -> bool:
        """Say whether it is kept in Parameter Store."""
        return self.name.startswith("/") or (self._is_arn and self.name.split(":")[2] == "ssm")

    @property
    def region(self) -> str | None:
        """Return the region that its ARN names."""
        return self.name.split(":")[_REGION] if self._is_arn else None

    @property
    def _is_arn(self) -> bool:
        return self.name.startswith("arn:")

    def _client(self) -> Any:  # noqa: ANN401  its stubs are not installed
        service: Any = "ssm" if self.is_parameter else "secretsmanager"
        return boto3.Session().client(service, region_name=self.region, config=_PATIENCE)
