"""The end: what is given up is gone. This file is the last of its group, for nothing is left after it."""

import re

import pytest
from deployed import AWAY, HOME
from terraform import MODULE

pytestmark = [pytest.mark.xdist_group("terraform"), pytest.mark.timeout(600)]


def managed(deployment):
    """Return what stands; what was only looked up is forgotten by any destroy."""
    listed = deployment.run("state", "list").splitlines()
    return [one for one in listed if not one.startswith("data.")]


@pytest.fixture(scope="module")
def force_destroy(elsewhere):
    """Apply it while others are destroyed: RDS is waited for."""
    elsewhere.give({**elsewhere.given, "force_destroy": True})
    applying = elsewhere.start("apply", "-auto-approve", "-input=false", "-no-color")
    yield applying
    applying.stop()


@pytest.mark.parametrize("name", ["by_default", "elsewhere"])
def test_a_refused_destroy_has_destroyed_nothing_and_says_what_to_apply(deployments, name):
    deployment = getattr(deployments, name)
    before = managed(deployment)
    code, said = deployment.attempt("destroy", "-auto-approve", "-input=false", "-no-color")
    assert code == 1
    assert "Apply force_destroy = true first." in said
    assert managed(deployment) == before


def test_what_is_refused_is_everything(aws):
    """Everything stands behind the guard: what does not would be destroyed beside it."""
    text = "\n".join(path.read_text("utf-8") for path in MODULE.glob("*.tf"))
    made = {f"{kind}.{name}" for kind, name in re.findall(r'^resource "(\w+)" "(\w+)"', text, re.MULTILINE)}
    (behind,) = re.findall(r"depends_on = \[(.*?)\]", (MODULE / "guard.tf").read_text("utf-8"), re.DOTALL)
    assert set(re.findall(r"\w+\.\w+", behind)) == made - {"terraform_data.guard"}
    assert aws("s3", HOME).get_bucket_policy(Bucket="tweets-of-mine")["Policy"]


@pytest.mark.usefixtures("force_destroy")
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


def test_it_is_destroyed_once_that_is_applied(aws, elsewhere, force_destroy):
    force_destroy.succeed()
    elsewhere.run("state", "rm", "aws_athena_named_query.view")  # moto does not know how to delete one
    elsewhere.run("destroy", "-auto-approve", "-input=false", "-no-color")
    assert elsewhere.run("state", "list") == ""
    assert aws("rds", AWAY).describe_db_instances()["DBInstances"] == []
