"""Fixtures that more than one room uses."""

from postgres import bare_postgres_url, postgres_server, postgres_url
from s3_server import s3_bucket, s3_client, s3_server

__all__ = ["bare_postgres_url", "postgres_server", "postgres_url", "s3_bucket", "s3_client", "s3_server"]
