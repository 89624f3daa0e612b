"""What the shipped documents allow and deny by IAM's own rules, also where Ceph does not know them."""

import pytest
from documents import rendered
from evaluator import ALLOWED, DENIED, FORBIDDEN
from values import VALUES

BUCKET, OBJECTS = "arn:aws:s3:::lake", "arn:aws:s3:::lake/collector"
CREATING = {"s3:if-none-match": "*"}
IN_PARTS = {"s3:ObjectCreationOperation": "false"}
SEALED = ("tweets", "seals", "manifests", "raw")
FOLDERS = (*SEALED, "summaries")
OTHERS = ("athena/1.csv", "releases/1.whl", "collector/tmp/1", "collector.csv", "tweets/1.csv")
ADMIN = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
RIGHTS_OF_OTHERS = (
    "s3:DeleteObject",
    "s3:DeleteObjectVersion",
    "s3:GetObjectAcl",
    "s3:GetObjectVersion",
    "s3:PutObjectAcl",
    "s3:PutObjectTagging",
    "s3:PutObjectRetention",
    "s3:BypassGovernanceRetention",
    "s3:AbortMultipartUpload",
    "s3:ListMultipartUploadParts",
)
RIGHTS_TO_THE_BUCKET = (
    "s3:DeleteBucket",
    "s3:DeleteBucketPolicy",
    "s3:GetBucketLocation",
    "s3:GetBucketPolicy",
    "s3:ListBucketMultipartUploads",
    "s3:ListBucketVersions",
    "s3:PutBucketPolicy",
    "s3:PutBucketPublicAccessBlock",
    "s3:PutBucketVersioning",
    "s3:PutLifecycleConfiguration",
)


@pytest.fixture
def decided(evaluator):
    """Decide what the shipped role may do in a bucket with the shipped policy; `by` is another's document."""

    def decide(action, resource, context=None, *, by=None):
        rights = by or rendered("objects", **VALUES)
        return evaluator.decide(action, resource, context or {}, rights=rights, guard=rendered("bucket", **VALUES))

    return decide


@pytest.mark.parametrize("folder", FOLDERS)
def test_the_role_creates_and_reads_below_each_folder(decided, folder):
    key = f"{OBJECTS}/{folder}/dt=2026-11-24/1.csv"
    assert decided("s3:PutObject", key, CREATING) == ALLOWED
    assert decided("s3:GetObject", key) == ALLOWED


@pytest.mark.parametrize("folder", SEALED)
def test_the_role_lists_below_a_folder_and_nowhere_else(decided, folder):
    assert decided("s3:ListBucket", BUCKET, {"s3:prefix": f"collector/{folder}/"}) == ALLOWED
    assert decided("s3:ListBucket", BUCKET, {"s3:prefix": f"collector/{folder}/1/2.json"}) == ALLOWED
    assert decided("s3:ListBucket", BUCKET, {"s3:prefix": f"collector/{folder}"}) == DENIED
    assert decided("s3:ListBucket", BUCKET, {"s3:prefix": f"{folder}/"}) == DENIED
    assert decided("s3:ListBucket", BUCKET) == DENIED


# F36 F38
@pytest.mark.parametrize("folder", SEALED)
@pytest.mark.parametrize("by", [None, ADMIN], ids=["role", "admin"])
def test_nobody_writes_over_what_is_published(decided, folder, by):
    key = f"{OBJECTS}/{folder}/1"
    assert decided("s3:PutObject", key, CREATING, by=by) == ALLOWED
    assert decided("s3:PutObject", key, by=by) == FORBIDDEN
    assert decided("s3:PutObject", key, {"s3:if-match": "etag"}, by=by) == FORBIDDEN


@pytest.mark.parametrize("folder", SEALED)
@pytest.mark.parametrize("by", [None, ADMIN], ids=["role", "admin"])
def test_nothing_is_published_in_parts_or_by_a_copy(decided, folder, by):
    key = f"{OBJECTS}/{folder}/1"
    assert decided("s3:PutObject", key, IN_PARTS, by=by) == FORBIDDEN
    assert decided("s3:PutObject", key, {"s3:x-amz-copy-source": "lake/athena/1.csv"}, by=by) == FORBIDDEN


@pytest.mark.parametrize("key", [*OTHERS, "collector/summaries/1.csv"])
def test_the_rest_of_the_bucket_takes_any_write_of_others(decided, key):
    for context in ({}, CREATING, IN_PARTS):
        assert decided("s3:PutObject", f"{BUCKET}/{key}", context, by=ADMIN) == ALLOWED


@pytest.mark.parametrize("by", [None, ADMIN], ids=["role", "admin"])
def test_nothing_goes_without_tls(decided, by):
    plain = {"aws:SecureTransport": "false"}
    assert decided("s3:GetObject", f"{OBJECTS}/tweets/1", plain, by=by) == FORBIDDEN
    assert decided("s3:PutObject", f"{OBJECTS}/tweets/1", plain | CREATING, by=by) == FORBIDDEN
    assert decided("s3:ListBucket", BUCKET, plain | {"s3:prefix": "collector/tweets/"}, by=by) == FORBIDDEN


@pytest.mark.parametrize("key", OTHERS)
def test_the_role_touches_no_other_key(decided, key):
    assert decided("s3:GetObject", f"{BUCKET}/{key}") == DENIED
    assert decided("s3:PutObject", f"{BUCKET}/{key}", CREATING) == DENIED


@pytest.mark.parametrize("action", RIGHTS_OF_OTHERS)
def test_the_role_has_no_other_right_to_an_object(decided, action):
    assert decided(action, f"{OBJECTS}/tweets/1") == DENIED
    assert decided(action, f"{OBJECTS}/tweets/1", by=ADMIN) == ALLOWED


@pytest.mark.parametrize("action", RIGHTS_TO_THE_BUCKET)
def test_the_role_has_no_other_right_to_the_bucket(decided, action):
    assert decided(action, BUCKET, {"s3:prefix": "collector/tweets/"} if "List" in action else {}) == DENIED
    assert decided(action, BUCKET, by=ADMIN) == ALLOWED
