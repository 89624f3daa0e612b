"""Secrets Manager and Parameter Store of our own (moto), with names of a test's own."""

import secrets
from dataclasses import dataclass, field
from typing import Any

import pytest
from s3_server import known_session

REGION = "eu-central-1"


@dataclass(frozen=True, slots=True)
class Vault:
    """Keeps secrets; `environment` is what a process needs to read them."""

    url: str
    prefix: str = field(default_factory=lambda: secrets.token_hex(6))

    @property
    def environment(self) -> dict[str, str]:
        places = {f"AWS_ENDPOINT_URL_{name}": self.url for name in ("SECRETS_MANAGER", "SSM", "STS")}
        keys = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}
        return places | keys | {"AWS_DEFAULT_REGION": REGION}

    def keep(self, text: str | bytes, name: str = "token") -> str:
        """Keep a new secret in Secrets Manager and return its ARN."""
        value = {"SecretString": text} if isinstance(text, str) else {"SecretBinary": text}
        with self._client("secretsmanager") as client:
            return client.create_secret(Name=self.named(name), **value)["ARN"]

    def rotate(self, text: str, name: str = "token") -> None:
        with self._client("secretsmanager") as client:
            client.put_secret_value(SecretId=self.named(name), SecretString=text)

    def forget(self, name: str = "token") -> None:
        with self._client("secretsmanager") as client:
            client.delete_secret(SecretId=self.named(name), ForceDeleteWithoutRecovery=True)

    def keep_parameter(self, text: str, name: str = "token") -> str:
        """Keep an encrypted parameter in Parameter Store and return its ARN."""
        path = f"/{self.named(name)}"
        with self._client("ssm") as client:
            client.put_parameter(Name=path, Value=text, Type="SecureString")
            return client.get_parameter(Name=path)["Parameter"]["ARN"]

    def named(self, name: str = "token") -> str:
        return f"{self.prefix}/{name}"

    def _client(self, service: str) -> "_Client":
        return _Client(known_session().client(service, endpoint_url=self.url, region_name=REGION))


@dataclass(frozen=True, slots=True)
class _Client:
    client: Any

    def __enter__(self) -> Any:
        return self.client

    def __exit__(self, *_: object) -> None:
        self.client.close()


@pytest.fixture
def vault(s3_server: str) -> Vault:
    """Give a vault that is empty."""
    return Vault(s3_server)


@pytest.fixture
def aws_of_vault(vault: Vault, monkeypatch: pytest.MonkeyPatch) -> Vault:
    """Have this process read its secrets from the vault, and nothing else of the person's AWS settings."""
    leave_no_aws(monkeypatch)
    for name, value in vault.environment.items():
        monkeypatch.setenv(name, value)
    return vault


def leave_no_aws(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_PROFILE", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_REGION"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.delenv("AWS_DEFAULT_REGION", raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_CONFIG_FILE", "/nonexistent/config")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/nonexistent/credentials")
