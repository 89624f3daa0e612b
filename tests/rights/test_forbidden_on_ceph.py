"""What the collector's role must not do, tried under its session on a server that enforces policies."""

from http import HTTPStatus

import pytest
from botocore.exceptions import ClientError
from roles import a_name, role_with, shipped_rights

from collector.core.errors import StoreRefused

pytestmark = pytest.mark.xdist_group("ceph")

HELD = "collector/tweets/dt=2026-11-24/hour=06/live-20261124T060000Z-s00.csv"
NEW = "collector/tweets/dt=2026-11-24/hour=07/live-20261124T070000Z-s00.csv"
OTHERS = (
    "athena/1.csv",
    "releases/collector-0.1.0-py3-none-any.whl",
    "collector/tmp/1",
    "collector.csv",
    "tweets/1.csv",
)
RULE = {"ID": "all", "Filter": {"Prefix": ""}, "Status": "Enabled", "Expiration": {"Days": 1}}
TAGS = {"TagSet": [{"Key": "kept", "Value": "no"}]}
GRANT = "public-read"

ON_OBJECTS = {
    "delete_object": {"Key": HELD},
    "delete_objects": {"Delete": {"Objects": [{"Key": HELD}]}},
    "delete_object_tagging": {"Key": HELD},
    "get_object_acl": {"Key": HELD},
    "get_object_tagging": {"Key": HELD},
    "put_object_acl": {"Key": HELD, "ACL": GRANT},
    "put_object_tagging": {"Key": HELD, "Tagging": TAGS},
    "list_multipart_uploads": {"Prefix": "collector/tweets/"},
    "list_object_versions": {"Prefix": "collector/tweets/"},
}
ON_THE_BUCKET = {
    "delete_bucket": {},
    "delete_bucket_lifecycle": {},
    "delete_bucket_policy": {},
    "get_bucket_acl": {},
    "get_bucket_lifecycle_configuration": {},
    "get_bucket_location": {},
    "get_bucket_policy": {},
    "get_bucket_versioning": {},
    "head_bucket": {},
    "put_bucket_acl": {"ACL": GRANT},
    "put_bucket_lifecycle_configuration": {"LifecycleConfiguration": {"Rules": [RULE]}},
    "put_bucket_policy": {"Policy": '{"Version":"2012-10-17","Statement":[]}'},
    "put_bucket_tagging": {"Tagging": TAGS},
    "put_bucket_versioning": {"VersioningConfiguration": {"Status": "Suspended"}},
}
EVERYTHING = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": ["s3:*"], "Resource": ["*"]}]}
PREFIXES = ("", "collector", "collector/", "collector/s", "collector/summaries/", "athena/", "releases/", "tweets/")


@pytest.fixture(scope="module")
def role(ceph):
    """The shipped role, in a bucket with an object in every place."""
    bucket = a_name()
    made = role_with(ceph, bucket, shipped_rights(bucket))
    owner = ceph.client("s3", ceph.owner)
    for key in (HELD, *OTHERS):
        owner.put_object(Bucket=bucket, Key=key, Body=b"held")
    return made


@pytest.fixture(scope="module")
def s3(role):
    return role.client()


def status_of(call, **arguments):
    try:
        answer = call(**arguments)
    except ClientError as refused:
        answer = refused.response
    return answer["ResponseMetadata"]["HTTPStatusCode"]


def assert_forbidden(call, **arguments):
    assert status_of(call, **arguments) == HTTPStatus.FORBIDDEN


@pytest.mark.parametrize("call", [*ON_OBJECTS, *ON_THE_BUCKET])
def test_it_neither_deletes_nor_governs(role, s3, call):
    assert_forbidden(getattr(s3, call), Bucket=role.bucket, **(ON_OBJECTS | ON_THE_BUCKET)[call])


def test_it_is_for_want_of_a_right_that_these_calls_are_refused(ceph):
    bucket = a_name()
    s3 = role_with(ceph, bucket, EVERYTHING).client()
    s3.put_object(Bucket=bucket, Key=HELD, Body=b"held")
    for call, arguments in (ON_OBJECTS | ON_THE_BUCKET).items():
        assert status_of(getattr(s3, call), Bucket=bucket, **arguments) != HTTPStatus.FORBIDDEN, call


@pytest.mark.parametrize("key", OTHERS)
def test_other_keys_are_neither_read_nor_written_nor_copied_in(role, s3, key):
    for call in (s3.get_object, s3.head_object, s3.put_object, s3.create_multipart_upload, s3.delete_object):
        assert_forbidden(call, Bucket=role.bucket, Key=key)
    assert_forbidden(s3.copy_object, Bucket=role.bucket, Key=NEW, CopySource=f"{role.bucket}/{key}")
    assert_forbidden(s3.copy_object, Bucket=role.bucket, Key=key, CopySource=f"{role.bucket}/{HELD}")


@pytest.mark.parametrize("prefix", PREFIXES)
def test_no_other_prefix_is_listed(role, s3, prefix):
    for call in (s3.list_objects, s3.list_objects_v2):
        assert_forbidden(call, Bucket=role.bucket, Prefix=prefix)


def test_no_other_bucket_is_touched(ceph, s3):
    other = a_name()
    ceph.client("s3", ceph.owner).create_bucket(Bucket=other)
    for call in (s3.get_object, s3.put_object):
        assert_forbidden(call, Bucket=other, Key=HELD)
    assert_forbidden(s3.list_objects_v2, Bucket=other, Prefix="collector/tweets/")
    assert_forbidden(s3.create_bucket, Bucket=a_name())
    assert_forbidden(s3.list_buckets)


def test_it_gives_itself_no_rights(ceph, role):
    iam = ceph.client("iam", role.keys)
    named = {"RoleName": role.bucket, "PolicyName": "objects"}
    assert_forbidden(iam.put_role_policy, **named, PolicyDocument="{}")
    assert_forbidden(iam.delete_role_policy, **named)
    assert_forbidden(iam.put_user_policy, UserName="machine", PolicyName="objects", PolicyDocument="{}")


def test_the_machine_itself_has_no_rights_outside_its_role(ceph, role):
    s3 = ceph.client("s3", ceph.machine)
    assert_forbidden(s3.get_object, Bucket=role.bucket, Key=HELD)
    assert_forbidden(s3.put_object, Bucket=role.bucket, Key=NEW)
    assert_forbidden(s3.list_objects_v2, Bucket=role.bucket, Prefix="collector/tweets/")


def test_what_was_there_is_there_still(ceph, role):
    owner = ceph.client("s3", ceph.owner)
    held = [entry["Key"] for entry in owner.list_objects_v2(Bucket=role.bucket)["Contents"]]
    assert held == sorted([HELD, *OTHERS])


def test_a_session_that_is_not_its_own_is_refused_in_words(ceph, role):
    forged = type(role)(ceph, role.bucket, type(role.keys)(role.keys.access, "forged", role.keys.token))
    with pytest.raises(StoreRefused, match="SignatureDoesNotMatch") as refused:
        forged.objects().read("seals/0000000001.json")
    assert "AWS_SECRET_ACCESS_KEY" in refused.value.hint
