"""Fixtures that more than one room uses, and what pytest is told for all."""

from absent import pytest_sessionfinish, pytest_terminal_summary, pytest_testnodedown
from postgres import bare_postgres_url, postgres_server, postgres_url
from s3_server import s3_bucket, s3_client, s3_server

__all__ = [
    "bare_postgres_url",
    "postgres_server",
    "postgres_url",
    "pytest_sessionfinish",
    "pytest_terminal_summary",
    "pytest_testnodedown",
    "s3_bucket",
    "s3_client",
    "s3_server",
]
