"""What the placeholders of the documents stand for, in a made-up account."""

from evaluator import ACCOUNT

VALUES = {
    "partition": "aws",
    "region": "eu-central-1",
    "account_id": ACCOUNT,
    "bucket": "lake",
    "prefix": "collector",
    "secret_arn": f"arn:aws:secretsmanager:eu-central-1:{ACCOUNT}:secret:collector/x-bearer-token-AbCdEf",
    "log_group_arn": f"arn:aws:logs:eu-central-1:{ACCOUNT}:log-group:/collector",
    "release_key": "releases/collector-0.1.0-py3-none-any.whl",
}
PARAMETER = f"arn:aws:ssm:eu-central-1:{ACCOUNT}:parameter/collector/x-bearer-token"
