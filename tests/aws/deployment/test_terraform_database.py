"""The state database in RDS: closed, encrypted, backed up, and its password known to nobody."""

import re

import pytest
from deployed import AWAY, KEY
from terraform import resources

pytestmark = [
    pytest.mark.xdist_group("terraform"),
    pytest.mark.timeout(600),
    pytest.mark.usefixtures("deployments"),
]


@pytest.fixture(scope="module")
def database(aws):
    (told,) = aws("rds", AWAY).describe_db_instances()["DBInstances"]
    return told


def test_it_is_a_recent_postgres_that_takes_its_own_small_updates(database):
    assert (database["Engine"], database["EngineVersion"].split(".")[0]) == ("postgres", "17")
    assert database["AutoMinorVersionUpgrade"]


def test_it_is_encrypted_and_not_public(database):
    assert database["StorageEncrypted"]
    assert database["KmsKeyId"] == KEY
    assert database["StorageType"] == "gp3"
    assert not database["PubliclyAccessible"]


def test_it_is_backed_up_and_not_deleted_by_mistake(database, elsewhere):
    assert database["BackupRetentionPeriod"] == 7
    assert database["DeletionProtection"]
    assert database["CopyTagsToSnapshot"]
    assert not elsewhere.given.get("force_destroy")


def test_rds_keeps_the_password_under_the_key_that_was_chosen(database, elsewhere):
    """moto keeps it under a key of its own; what was asked for is in the state."""
    assert database["MasterUserSecret"]["SecretStatus"] == "active"
    (asked,) = resources(elsewhere.made(), "aws_db_instance").values()
    assert asked["master_user_secret_kms_key_id"] == KEY
    assert asked["manage_master_user_password"]
    assert asked["password"] is None


def test_it_refuses_connections_without_tls(aws, database):
    rds = aws("rds", AWAY)
    (group,) = database["DBParameterGroups"]
    told = rds.describe_db_parameters(DBParameterGroupName=group["DBParameterGroupName"])["Parameters"]
    assert {one["ParameterName"]: one["ParameterValue"] for one in told} == {"rds.force_ssl": "1"}
    (made,) = rds.describe_db_parameter_groups(DBParameterGroupName=group["DBParameterGroupName"])["DBParameterGroups"]
    assert made["DBParameterGroupFamily"] == "postgres17"


def test_it_lies_in_the_subnets_that_were_given(database, elsewhere):
    group = database["DBSubnetGroup"]
    assert group["VpcId"] == elsewhere.given["vpc_id"]
    assert sorted(one["SubnetIdentifier"] for one in group["Subnets"]) == sorted(elsewhere.given["subnet_ids"])


def test_only_the_clients_that_were_named_come_in_and_nothing_goes_out(aws, database, elsewhere):
    (group,) = database["VpcSecurityGroups"]
    ids = [{"Name": "group-id", "Values": [group["VpcSecurityGroupId"]]}]
    rules = aws("ec2", AWAY).describe_security_group_rules(Filters=ids)["SecurityGroupRules"]
    assert [rule for rule in rules if rule["IsEgress"]] == []
    assert [(rule["ReferencedGroupInfo"]["GroupId"], rule["FromPort"], rule["ToPort"]) for rule in rules] == [
        (client, 5432, 5432) for client in elsewhere.given["database_clients"]
    ]


def test_nothing_of_the_small_size_is_made_for_an_executor_elsewhere(elsewhere):
    made = elsewhere.run("state", "list")
    assert "aws_instance" not in made
    assert "aws_vpc.own" not in made
    assert "aws_s3_bucket.output" in made


def test_an_executor_elsewhere_is_told_where_the_state_is(database, elsewhere):
    told = elsewhere.outputs()["environment"]
    at = f"{database['Endpoint']['Address']}:{database['Endpoint']['Port']}"
    assert told["COLLECTOR_STATE_URL"] == f"postgresql+psycopg://collector@{at}/collector?sslmode=require"
    assert told["COLLECTOR_STATE_PASSWORD_SECRET"] == database["MasterUserSecret"]["SecretArn"]
    assert elsewhere.outputs()["database_endpoint"] == at


def test_its_logs_end_after_a_month_and_are_encrypted_like_the_rest(aws, database):
    assert sorted(database["EnabledCloudwatchLogsExports"]) == ["postgresql", "upgrade"]
    told = aws("logs", AWAY).describe_log_groups(logGroupNamePrefix="/aws/rds/instance/many-tweets/")["logGroups"]
    assert [one["logGroupName"].rsplit("/")[-1] for one in told] == ["postgresql", "upgrade"]
    assert {(one["retentionInDays"], one["kmsKeyId"]) for one in told} == {(30, KEY)}


def test_what_is_changed_is_changed_at_once_and_no_final_snapshot_has_the_name_of_another(elsewhere, small):
    (made,) = resources(elsewhere.made(), "aws_db_instance").values()
    assert made["apply_immediately"]
    assert re.fullmatch("many-tweets-final-[0-9a-f]{8}", made["final_snapshot_identifier"])
    (planned,) = resources(small, "aws_db_instance").values()
    assert "final_snapshot_identifier" not in planned
