"""The instance as it was made: no way in, encrypted, and a first boot without secrets."""

import base64
import gzip
import re

import pytest
from deployed import AWAY, HOME, KEY

from collector.settings import PREFIX, Settings

pytestmark = [pytest.mark.xdist_group("terraform"), pytest.mark.timeout(600)]


@pytest.fixture(scope="module", params=["by_default", "chosen"])
def deployment(request, deployments):
    return getattr(deployments, request.param)


@pytest.fixture(scope="module")
def ec2(aws, deployment):
    return aws("ec2", deployment.given["region"])


@pytest.fixture(scope="module")
def instance(ec2, deployment):
    (reservation,) = ec2.describe_instances(InstanceIds=[deployment.outputs()["instance_id"]])["Reservations"]
    return reservation["Instances"][0]


@pytest.fixture(scope="module")
def user_data(ec2, instance):
    told = ec2.describe_instance_attribute(InstanceId=instance["InstanceId"], Attribute="userData")
    return base64.b64decode(told["UserData"]["Value"])


@pytest.fixture(scope="module")
def script(user_data):
    return gzip.decompress(user_data).decode()


def rules_of(ec2, group_id):
    told = ec2.describe_security_group_rules(Filters=[{"Name": "group-id", "Values": [group_id]}])
    return told["SecurityGroupRules"]


def test_its_metadata_is_open_to_its_own_processes_and_by_imdsv2_alone(instance):
    options = instance["MetadataOptions"]
    assert options["HttpEndpoint"] == "enabled"
    assert options["HttpTokens"] == "required"
    assert options["HttpPutResponseHopLimit"] == 1


def test_nothing_comes_in_and_no_key_opens_it(ec2, instance):
    (group,) = instance["NetworkInterfaces"][0]["Groups"]
    assert [rule for rule in rules_of(ec2, group["GroupId"]) if not rule["IsEgress"]] == []
    assert "KeyName" not in instance


def test_it_goes_out_by_https_and_only_ubuntu_by_http(ec2, instance, deployment):
    (group,) = instance["NetworkInterfaces"][0]["Groups"]
    ports = {(rule["FromPort"], rule["ToPort"]) for rule in rules_of(ec2, group["GroupId"]) if rule["IsEgress"]}
    mirrors = {(80, 80)} if deployment.given.get("operating_system") == "ubuntu" else set()
    assert ports == {(443, 443)} | mirrors


def test_the_default_group_of_its_network_is_closed(ec2, instance):
    groups = ec2.describe_security_groups(Filters=[{"Name": "vpc-id", "Values": [instance["VpcId"]]}])
    (default,) = [one for one in groups["SecurityGroups"] if one["GroupName"] == "default"]
    assert (default["IpPermissions"], default["IpPermissionsEgress"]) == ([], [])


def test_s3_is_reached_without_leaving_aws(ec2, instance):
    (endpoint,) = ec2.describe_vpc_endpoints(Filters=[{"Name": "vpc-id", "Values": [instance["VpcId"]]}])[
        "VpcEndpoints"
    ]
    assert endpoint["ServiceName"].endswith(".s3")
    tables = ec2.describe_route_tables(Filters=[{"Name": "association.subnet-id", "Values": [instance["SubnetId"]]}])[
        "RouteTables"
    ]
    assert endpoint["RouteTableIds"] == [one["RouteTableId"] for one in tables]


def test_its_disks_are_encrypted_and_the_state_outlives_it(ec2, instance, deployment):
    attached = {one["DeviceName"]: one["Ebs"] for one in instance["BlockDeviceMappings"]}
    told = ec2.describe_volumes(VolumeIds=[one["VolumeId"] for one in attached.values()])["Volumes"]
    volumes = {one["VolumeId"]: one for one in told}
    assert len(volumes) == 2
    assert {one["VolumeType"] for one in volumes.values()} == {"gp3"}
    assert all(one["Encrypted"] for one in volumes.values())
    assert not attached["/dev/sdf"]["DeleteOnTermination"]
    if "kms_key_arn" in deployment.given:
        assert volumes[attached["/dev/sdf"]["VolumeId"]]["KmsKeyId"] == KEY


def test_it_is_what_was_chosen(ec2, instance, deployment):
    ubuntu = deployment.given.get("operating_system") == "ubuntu"
    (image,) = ec2.describe_images(ImageIds=[instance["ImageId"]])["Images"]
    assert ("ubuntu" if ubuntu else "al2023") in image["Name"]
    assert image["Architecture"] == ("x86_64" if ubuntu else "arm64")
    assert instance["InstanceType"] == ("t3.medium" if ubuntu else "t4g.medium")
    assert instance["IamInstanceProfile"]["Arn"].endswith(f"/{deployment.given['name']}-collector")


def test_the_first_boot_fits_in_what_ec2_takes_with_as_many_accounts_as_are_allowed(user_data, script, deployment):
    accounts = deployment.given.get("accounts", [])
    assert all(one in script for one in accounts)
    assert len(user_data) < 16 * 1024


def test_the_first_boot_is_told_names_of_secrets_and_never_a_secret(aws, script, deployment):
    secret = aws("secretsmanager", deployment.given["region"]).describe_secret(
        SecretId=f"{deployment.given['name']}/x-bearer-token"
    )["ARN"]
    assert f'COLLECTOR_X_BEARER_TOKEN_SECRET="{secret}"' in script
    secrets = r"^(?:COLLECTOR_X_BEARER_TOKEN|AWS_SECRET_ACCESS_KEY|COLLECTOR_STATE_PASSWORD)="
    assert re.findall(secrets, script, re.MULTILINE) == []


def test_the_first_boot_is_told_the_settings_that_were_chosen(script, deployment):
    given = deployment.given
    told = dict(re.findall(r'^(COLLECTOR_\w+)="(.*)"$', script, re.MULTILINE))
    assert deployment.outputs()["environment"].items() <= {"AWS_DEFAULT_REGION": given["region"], **told}.items()
    assert told["COLLECTOR_OUTPUT"] == f"s3://{given['bucket']}/{given.get('prefix', 'collector')}"
    assert told["COLLECTOR_SCHEDULE"] == given.get("schedule", "*/15 * * * *")
    assert told.get("COLLECTOR_MAX_USD_PER_MONTH") == ("49.5" if "max_usd_per_month" in given else None)
    assert told.get("COLLECTOR_MAX_TWEETS_PER_DAY") == ("5000" if "max_tweets_per_day" in given else None)
    assert {one.removeprefix(PREFIX).lower() for one in told} <= set(Settings.model_fields)


def test_the_first_boot_mounts_the_volume_of_the_state_and_writes_every_unit(script, instance):
    (volume,) = [one["Ebs"]["VolumeId"] for one in instance["BlockDeviceMappings"] if one["DeviceName"] == "/dev/sdf"]
    assert volume in script
    for unit in ("setup.service", "api-server.service", "scheduler.service", "dag-processor.service", "metrics.timer"):
        assert f"collector-{unit}" in script
    assert '"log_group_name": "/' in script


def test_it_is_recovered_and_rebooted_after_different_times(aws, deployment):
    """https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/UsingAlarmActions.html: or the two may hinder each other."""
    told = aws("cloudwatch", deployment.given["region"]).describe_alarms(
        AlarmNamePrefix=f"{deployment.given['name']}-status-"
    )["MetricAlarms"]
    periods = {one["AlarmName"].rpartition("-")[2]: one["EvaluationPeriods"] for one in told}
    assert periods == {"system": 2, "instance": 5}


def test_the_tools_to_reach_it_are_told(deployment, instance):
    told = deployment.outputs()
    assert f"--target {instance['InstanceId']} --document-name AWS-StartPortForwardingSession" in told["open_ui"]
    assert told["open_shell"].endswith(f"--target {instance['InstanceId']}")
    assert deployment.given["region"] in told["dashboard"]
    assert {AWAY, HOME} > {deployment.given["region"]}
