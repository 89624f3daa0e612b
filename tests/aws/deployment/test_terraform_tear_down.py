"""The end: what is given up is gone. This file is the last of its group, for nothing is left after it."""

import pytest
from deployed import AWAY

pytestmark = [pytest.mark.xdist_group("terraform"), pytest.mark.timeout(600)]


def test_destroy_leaves_nothing_behind(aws, chosen):
    aws("s3", AWAY).delete_bucket_policy(Bucket="other-tweets")  # moto would deny the next without looking at why
    aws("s3", AWAY).put_object(Bucket="other-tweets", Key="x/tweets/tweets/one.csv", Body=b"tweet_id\n")
    chosen.run("state", "rm", "aws_athena_named_query.view")  # moto does not know how to delete one
    said = chosen.run("destroy", "-auto-approve", "-input=false", "-no-color")
    assert "Destroy complete!" in said
    assert chosen.run("state", "list") == ""
    ec2 = aws("ec2", AWAY)
    assert {one["State"]["Name"] for each in ec2.describe_instances()["Reservations"] for one in each["Instances"]} == {
        "terminated"
    }
    assert [one for one in ec2.describe_volumes()["Volumes"] if one["Tags"]] == []
    assert "other-tweets" not in [one["Name"] for one in aws("s3", AWAY).list_buckets()["Buckets"]]
    secrets = aws("secretsmanager", AWAY).list_secrets()["SecretList"]
    assert [one["Name"] for one in secrets if one["Name"].startswith("other-tweets")] == []
