"""The stand-in S3."""

import socket

import boto3
import pytest
from botocore.exceptions import ClientError

from collector.sandbox import Sandbox


def client(sandbox):
    return boto3.client(
        "s3",
        endpoint_url=sandbox.s3_url,
        aws_access_key_id="sandbox",
        aws_secret_access_key="sandbox",
        region_name="eu-central-1",
    )


def test_a_port_that_is_taken_leaves_nothing_open():
    with Sandbox() as one:
        port = int(one.x_url.rpartition(":")[2])
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            other = free.getsockname()[1]
        for settings in ({"port": port}, {"port": other, "s3": True, "s3_port": port}):
            with pytest.raises(OSError, match="in use"), Sandbox(**settings):
                pytest.fail("the port was free")
        with Sandbox(port=other) as again:
            assert again.x_url.endswith(str(other))


def test_an_object_is_created_once_and_the_next_sandbox_starts_empty(open_sandbox):
    sandbox = open_sandbox(s3=True).sandbox
    store = client(sandbox)
    store.put_object(Bucket=sandbox.s3_bucket, Key="a/b", Body=b"one", IfNoneMatch="*")
    with pytest.raises(ClientError, match="PreconditionFailed"):
        store.put_object(Bucket=sandbox.s3_bucket, Key="a/b", Body=b"two", IfNoneMatch="*")
    assert store.get_object(Bucket=sandbox.s3_bucket, Key="a/b")["Body"].read() == b"one"
    store.close()
    sandbox.__exit__(None, None, None)
    with type(sandbox)(s3=True) as again:
        other = client(again)
        assert other.list_objects_v2(Bucket=again.s3_bucket)["KeyCount"] == 0
        other.close()
    sandbox.__enter__()
