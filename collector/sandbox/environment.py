"""environment: what to set so that a collector works against a sandbox."""

from shlex import quote

from collector.sandbox.sandbox import Sandbox


def environment_of(sandbox: Sandbox, prefix: str) -> dict[str, str]:
    """Return the environment variables for the X API, and for the S3 where there is one."""
    x = {"COLLECTOR_X_BASE_URL": sandbox.x_url, "COLLECTOR_X_BEARER_TOKEN": sandbox.credentials.bearer_token}
    if not sandbox.s3:
        return x
    return x | {
        "COLLECTOR_OUTPUT": f"s3://{sandbox.s3_bucket}/{prefix}",
        "AWS_ENDPOINT_URL_S3": sandbox.s3_url,
        "AWS_ACCESS_KEY_ID": "sandbox",
        "AWS_SECRET_ACCESS_KEY": "sandbox",
        "AWS_DEFAULT_REGION": "us-east-1",
    }


def exports(environment: dict[str, str]) -> str:
    """Return the lines to paste into a shell."""
    return "\n".join(f"export {name}={quote(value)}" for name, value in environment.items())
