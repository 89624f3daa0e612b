"""An S3 server of our own (moto) for a test session, with a fresh bucket for each test."""

import logging
import secrets
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from threading import Lock
from typing import Any

import boto3
import pytest
from moto.server import ThreadedMotoServer

from collector.adapters.s3 import PATIENCE, S3Objects, S3Patience, open_client

HASTY = S3Patience(
    connect_timeout=timedelta(milliseconds=500),
    read_timeout=timedelta(milliseconds=300),
    attempts=3,
    first_wait=timedelta(milliseconds=1),
)


@dataclass(frozen=True, slots=True)
class Bucket:
    name: str
    url: str
    client: Any

    def objects(self, prefix: str = "", page_size: int = 1000) -> S3Objects:
        return S3Objects(self.name, prefix, client=self.client, page_size=page_size)


def client_for(url: str, patience: S3Patience = PATIENCE) -> Any:
    return open_client(session=known_session(), endpoint_url=url, patience=patience)


@cache
def known_session() -> boto3.Session:
    """Return one session for all clients: a client costs a tenth of a second in a session of its own."""
    return boto3.Session(aws_access_key_id="test", aws_secret_access_key="test", region_name="us-east-1")


@pytest.fixture(scope="session")
def s3_server() -> Iterator[str]:
    """Start the server and give its URL."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    server._server.app = one_at_a_time(server._server.app)
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture(scope="session")
def s3_client(s3_server: str) -> Iterator[Any]:
    """Give the session's client, as opening one is slow."""
    client = client_for(s3_server)
    yield client
    client.close()


@pytest.fixture
def s3_bucket(s3_server: str, s3_client: Any) -> Bucket:
    """Give an empty bucket and a client that may use it."""
    name = f"bucket-{secrets.token_hex(6)}"
    s3_client.create_bucket(Bucket=name)
    return Bucket(name, s3_server, s3_client)


def one_at_a_time(app: Callable[..., Iterable[bytes]]) -> Callable[..., Iterable[bytes]]:
    """Answer requests in turn: S3 decides a conditional write in one step, this server's threads only nearly so."""
    lock = Lock()

    def answer(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        with lock:
            return app(environ, start_response)

    return answer
