"""The bucket as it was made, read back."""

import json

import pytest
from deployed import AWAY
from terraform import resources

pytestmark = [
    pytest.mark.xdist_group("terraform"),
    pytest.mark.timeout(600),
    pytest.mark.usefixtures("deployments"),
]


@pytest.fixture(scope="module")
def s3(aws):
    return aws("s3")


@pytest.fixture(scope="module")
def rules(s3):
    told = s3.get_bucket_lifecycle_configuration(Bucket="tweets-of-mine")["Rules"]
    assert {rule["Status"] for rule in told} == {"Enabled"}
    return {rule["ID"]: rule for rule in told}


def encryption(s3, bucket):
    (rule,) = s3.get_bucket_encryption(Bucket=bucket)["ServerSideEncryptionConfiguration"]["Rules"]
    return rule


def test_what_is_deleted_or_overwritten_is_kept_for_a_while(s3, rules):
    assert s3.get_bucket_versioning(Bucket="tweets-of-mine")["Status"] == "Enabled"
    leftovers = rules["leftovers-expire"]
    assert leftovers["Filter"] == {"Prefix": ""}
    assert leftovers["NoncurrentVersionExpiration"]["NoncurrentDays"] == 30
    assert leftovers["AbortIncompleteMultipartUpload"]["DaysAfterInitiation"] == 1
    assert leftovers["Expiration"] == {"ExpiredObjectDeleteMarker": True}


def test_raw_parts_expire_and_nothing_else_that_the_collector_wrote(rules):
    expiring = {
        rule["Filter"]["Prefix"]: rule["Expiration"]["Days"] for rule in rules.values() if rule["Filter"]["Prefix"]
    }
    assert expiring == {"collector/raw/": 30, "athena/": 7}


def test_objects_are_encrypted_with_the_key_that_was_chosen(aws, s3, chosen):
    ours = encryption(s3, "tweets-of-mine")["ApplyServerSideEncryptionByDefault"]
    assert ours == {"SSEAlgorithm": "AES256"}
    rule = encryption(aws("s3", AWAY), "other-tweets")
    assert rule["BucketKeyEnabled"]
    assert rule["ApplyServerSideEncryptionByDefault"] == {
        "SSEAlgorithm": "aws:kms",
        "KMSMasterKeyID": chosen.given["kms_key_arn"],
    }


def test_nothing_is_public_and_the_account_owns_every_object(s3):
    blocked = s3.get_public_access_block(Bucket="tweets-of-mine")["PublicAccessBlockConfiguration"]
    assert blocked == dict.fromkeys(
        ["BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets"], True
    )
    (owner,) = s3.get_bucket_ownership_controls(Bucket="tweets-of-mine")["OwnershipControls"]["Rules"]
    assert owner["ObjectOwnership"] == "BucketOwnerEnforced"


@pytest.mark.parametrize(("bucket", "prefix"), [("tweets-of-mine", "collector"), ("other-tweets", "x/tweets")])
def test_the_bucket_takes_tls_alone_and_published_keys_are_only_created(aws, bucket, prefix):
    policy = json.loads(aws("s3").get_bucket_policy(Bucket=bucket)["Policy"])
    by_name = {one["Sid"]: one for one in policy["Statement"]}
    tls, created = by_name["OnlyOverTls"], by_name["PublishedObjectsAreOnlyCreated"]
    assert {one["Effect"] for one in policy["Statement"]} == {"Deny"}
    assert {json.dumps(one["Principal"]) for one in policy["Statement"]} == {'"*"'}
    assert tls["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
    assert tls["Resource"] == [f"arn:aws:s3:::{bucket}", f"arn:aws:s3:::{bucket}/*"]
    assert created["Condition"] == {"Null": {"s3:if-none-match": "true"}}
    folders = {one.removeprefix(f"arn:aws:s3:::{bucket}/{prefix}/") for one in created["Resource"]}
    assert folders >= {"tweets/*", "seals/*", "manifests/*", "raw/*"}


def test_a_bucket_with_tweets_is_not_destroyed_by_mistake(by_default, chosen):
    assert not resources(by_default.made(), "aws_s3_bucket")["output"]["force_destroy"]
    assert resources(chosen.made(), "aws_s3_bucket")["output"]["force_destroy"]
