"""A role of our own on Ceph with the rights of a document, and a collector that works under it."""

import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ceph_server import Ceph, Keys
from collector_process import Collector, WarmStarter
from documents import Document, rendered, text_of

from collector.adapters.s3 import S3Objects
from collector.sandbox import Sandbox

PREFIX = "collector"


@dataclass(frozen=True, slots=True)
class Role:
    """A bucket of its own, and the session of a role that may use it."""

    ceph: Ceph
    bucket: str
    keys: Keys

    def client(self) -> Any:
        return self.ceph.client("s3", self.keys)

    def objects(self) -> S3Objects:
        return S3Objects(self.bucket, PREFIX, client=self.client())

    def collector(self, folder: Path, starter: WarmStarter, sandbox: Sandbox) -> Collector:
        environment = {
            "COLLECTOR_X_BASE_URL": sandbox.x_url,
            "COLLECTOR_X_BEARER_TOKEN": sandbox.credentials.bearer_token,
            "COLLECTOR_OUTPUT": f"s3://{self.bucket}/{PREFIX}",
            "COLLECTOR_STATE_URL": f"sqlite:///{folder / 'state.db'}",
            "COLLECTOR_SETTLE_SECONDS": "0",
            "COLLECTOR_INITIAL_LOOKBACK": "2h",
            "COLLECTOR_MAX_USD_PER_MONTH": "50",
        }
        return Collector(folder, starter, environment | self.ceph.environment(self.keys))


def shipped_rights(bucket: str) -> Document:
    """Return the role's document, filled in for a bucket on Ceph, whose partition is AWS's."""
    return rendered("objects", partition="aws", bucket=bucket, prefix=PREFIX)


def role_with(ceph: Ceph, bucket: str, rights: Document) -> Role:
    """Make a bucket with the shipped policy and a role with `rights`, and assume it."""
    ceph.client("s3", ceph.owner).create_bucket(Bucket=bucket)
    ceph.client("s3", ceph.owner).put_bucket_policy(Bucket=bucket, Policy=text_of(known_to_ceph(bucket)))
    iam = ceph.client("iam", ceph.owner)
    role = iam.create_role(RoleName=bucket, AssumeRolePolicyDocument=text_of(trusting("machine")))["Role"]
    sts = ceph.client("sts", ceph.machine)
    given = sts.assume_role(RoleArn=role["Arn"], RoleSessionName="collector")["Credentials"]
    made = Role(ceph, bucket, Keys(given["AccessKeyId"], given["SecretAccessKey"], given["SessionToken"]))
    grant(made, rights)
    return made


def grant(role: Role, rights: Document) -> None:
    """Give a role these rights in place of those it had; its sessions that run have them at once."""
    iam = role.ceph.client("iam", role.ceph.owner)
    iam.put_role_policy(RoleName=role.bucket, PolicyName="objects", PolicyDocument=text_of(rights))


def known_to_ceph(bucket: str) -> Document:
    """Return the bucket's policy without the statement on `s3:if-none-match`.

    Ceph 16 does not know that key: to it the header is always absent, and every creation would be refused. The
    evaluator of IAM proves that statement.
    """
    policy = rendered("bucket", partition="aws", bucket=bucket, prefix=PREFIX)
    known = [one for one in policy["Statement"] if "Null" not in one["Condition"]]
    assert len(known) == len(policy["Statement"]) - 1
    return policy | {"Statement": known}


def trusting(user: str) -> Document:
    """Return a trust policy for a user of Ceph: in the place of EC2 and of EKS, which it does not have."""
    principal = {"AWS": [f"arn:aws:iam:::user/{user}"]}
    return {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Principal": principal, "Action": ["sts:AssumeRole"]}],
    }


def a_name() -> str:
    return f"lake-{secrets.token_hex(6)}"
