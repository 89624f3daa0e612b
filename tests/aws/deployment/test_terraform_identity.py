"""Who may do what: the role, its documents, and the secrets."""

import json

import pytest
from deployed import AWAY, HOME
from moto.core import DEFAULT_ACCOUNT_ID

pytestmark = [
    pytest.mark.xdist_group("terraform"),
    pytest.mark.timeout(600),
    pytest.mark.usefixtures("deployments"),
]

TOKEN = "AAAAAAAAAAAAAAAAAAAAAMLheAAAAAAA0%2BuSeid"


def rights(aws, name):
    iam = aws("iam")
    role = f"{name}-collector"
    assert iam.list_attached_role_policies(RoleName=role)["AttachedPolicies"] == []
    names = iam.list_role_policies(RoleName=role)["PolicyNames"]
    return {one: iam.get_role_policy(RoleName=role, PolicyName=one)["PolicyDocument"] for one in names}


def statements(aws, name):
    return [one for document in rights(aws, name).values() for one in document["Statement"]]


def test_the_role_has_what_its_size_needs_and_no_policy_of_anyone_else(aws):
    small = {"objects", "secret", "logs", "session-manager"}
    assert set(rights(aws, "tweets")) == small
    assert set(rights(aws, "other-tweets")) == small | {"key"}
    assert set(rights(aws, "many-tweets")) == {"objects", "secret", "logs", "key", "database-secret"}


def test_nothing_is_allowed_that_deletes_or_that_changes_rights(aws):
    for statement in [*statements(aws, "tweets"), *statements(aws, "other-tweets")]:
        assert statement["Effect"] == "Allow"
        for action in statement["Action"]:
            assert "*" not in action
            assert not any(word in action for word in ("Delete", "iam:", "sts:", "Policy", "Acl", "PutLifecycle"))


def test_rights_reach_one_bucket_below_one_prefix_and_the_deployment_s_own_secrets(aws):
    own = aws("secretsmanager").describe_secret(SecretId="tweets/x-bearer-token")["ARN"]
    reached = {one for statement in statements(aws, "tweets") for one in statement["Resource"]}
    outside = {one for one in reached if not one.startswith("arn:aws:s3:::tweets-of-mine/collector/")}
    assert outside == {
        own,
        "arn:aws:s3:::tweets-of-mine",
        f"arn:aws:logs:{HOME}:{DEFAULT_ACCOUNT_ID}:log-group:/tweets:*",
        "*",
    }


def test_a_star_stands_only_where_aws_knows_no_resource(aws):
    starred = {action for one in statements(aws, "tweets") if one["Resource"] == ["*"] for action in one["Action"]}
    assert {action.split(":")[0] for action in starred} <= {"ssm", "ssmmessages", "cloudwatch"}
    assert not {action for action in starred if "Parameter" in action or "SendCommand" in action}


def test_only_ec2_takes_the_role_of_the_small_size(aws):
    (trust,) = aws("iam").get_role(RoleName="tweets-collector")["Role"]["AssumeRolePolicyDocument"]["Statement"]
    assert (trust["Principal"], trust["Action"]) == ({"Service": "ec2.amazonaws.com"}, "sts:AssumeRole")


def test_the_token_s_secret_is_made_without_a_value(aws, chosen):
    told = aws("secretsmanager").describe_secret(SecretId="tweets/x-bearer-token")
    assert "VersionIdsToStages" not in told or told["VersionIdsToStages"] == {}
    other = aws("secretsmanager", AWAY).describe_secret(SecretId="other-tweets/x-bearer-token")
    assert other["KmsKeyId"] == chosen.given["kms_key_arn"]


def test_no_secret_reaches_terraform_s_state_or_what_it_says(aws, by_default, elsewhere):
    aws("secretsmanager").put_secret_value(SecretId="tweets/x-bearer-token", SecretString=TOKEN)
    kept_by_rds = aws("secretsmanager", AWAY).get_secret_value(SecretId=database_secret(aws))["SecretString"]
    password = json.loads(kept_by_rds)["password"]
    for deployment in (by_default, elsewhere):
        said = deployment.run("apply", "-refresh-only", "-auto-approve", "-input=false", "-no-color")
        for text in (said, deployment.state(), deployment.run("show", "-json")):
            assert TOKEN not in text
            assert password not in text


def database_secret(aws):
    (database,) = aws("rds", AWAY).describe_db_instances()["DBInstances"]
    assert database["MasterUsername"] == "collector"
    return database["MasterUserSecret"]["SecretArn"]
