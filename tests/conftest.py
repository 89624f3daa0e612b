"""Fixtures that more than one room uses, and what pytest is told for all."""

import os

from absent import pytest_sessionfinish, pytest_terminal_summary, pytest_testnodedown
from aws_vault import aws_of_vault, vault
from locked_postgres import locked_database, locked_server
from postgres import bare_postgres_url, postgres_server, postgres_url
from s3_server import s3_bucket, s3_client, s3_server

__all__ = [
    "aws_of_vault",
    "bare_postgres_url",
    "locked_database",
    "locked_server",
    "postgres_server",
    "postgres_url",
    "pytest_sessionfinish",
    "pytest_terminal_summary",
    "pytest_testnodedown",
    "s3_bucket",
    "s3_client",
    "s3_server",
    "vault",
]


def pytest_xdist_auto_num_workers():
    """Run one more at a time than there are cores: whole groups wait for Terraform, Airflow or a machine that boots."""
    return (os.cpu_count() or 1) + 1
