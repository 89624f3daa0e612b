"""Fixtures that more than one room uses."""

from s3_server import s3_bucket, s3_client, s3_server

__all__ = ["s3_bucket", "s3_client", "s3_server"]
