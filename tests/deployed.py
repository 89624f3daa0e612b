"""What is deployed for the tests of config/aws, and what moto must be told for it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

from moto.core import DEFAULT_ACCOUNT_ID
from moto.ec2.models import ec2_backends
from moto.kms.models import kms_backends
from moto.rds.models import rds_backends
from moto.ssm.models import Parameter, ssm_backends
from terraform import Deployment

HOME, AWAY = "eu-central-1", "us-west-2"
UBUNTU = "/aws/service/canonical/ubuntu/server/24.04/stable/current/amd64/hvm/ebs-gp3/ami-id"
KEY_ID = "1234abcd-12ab-34cd-56ef-1234567890ab"
KEY = f"arn:aws:kms:{AWAY}:{DEFAULT_ACCOUNT_ID}:key/{KEY_ID}"
BY_DEFAULT = {"region": HOME, "bucket": "tweets-of-mine", "name": "tweets"}
# moto applies a bucket's denials without their conditions, and would not take a wheel.
FROM_AN_INDEX = {"package": "ours==0.1.0"}
CHOSEN = {
    **FROM_AN_INDEX,
    "region": AWAY,
    "bucket": "other-tweets",
    "name": "other-tweets",
    "prefix": "x/tweets",
    "operating_system": "ubuntu",
    "architecture": "x86_64",
    "kms_key_arn": KEY,
    "accounts": [f"@{sha256(bytes([n % 256, n // 256])).hexdigest()[:14]}" for n in range(500)],
    "schedule": "*/5 * * * *",
    "max_usd_per_month": 49.5,
    "max_tweets_per_day": 5000,
    "alarm_email": "someone@example.org",
    "force_destroy": True,
}
ELSEWHERE = {
    "region": AWAY,
    "bucket": "many-tweets",
    "name": "many-tweets",
    "instance": False,
    "database": "postgres",
    "kms_key_arn": KEY,
}
WHEEL = "collector-0.1.0-py3-none-any.whl"
LARGE = {**BY_DEFAULT, "instance": False, "database": "postgres", "eks_cluster": "airflow"}

Clients = Callable[..., Any]


@dataclass(frozen=True, slots=True)
class Deployments:
    """What is applied: all by default; all chosen, on Ubuntu; and a database for an executor elsewhere."""

    by_default: Deployment
    chosen: Deployment
    elsewhere: Deployment

    def __iter__(self) -> Iterator[Deployment]:
        return iter((self.by_default, self.chosen, self.elsewhere))


def add_what_moto_lacks(region: str, aws: Clients) -> None:
    """Add Canonical's public parameter, which only AWS may write, and a key with a known id."""
    images = aws("ec2", region).describe_images(Filters=[{"Name": "name", "Values": ["ubuntu/*"]}])["Images"]
    image = next(one["ImageId"] for one in images if one["Architecture"] == "x86_64")
    now = datetime.now(UTC)
    told = Parameter(DEFAULT_ACCOUNT_ID, UBUNTU, image, "String", None, None, None, now, 1, "text")
    ssm_backends[DEFAULT_ACCOUNT_ID][region]._parameters[UBUNTU] = [told]
    made = aws("kms", region).create_key()["KeyMetadata"]["KeyId"]
    keys = kms_backends[DEFAULT_ACCOUNT_ID][region].keys
    keys[KEY_ID] = keys.pop(made)
    keys[KEY_ID].id = KEY_ID


def repeat_descriptions_of_rules(region: str) -> None:
    """Tell what a rule between two groups is for: AWS does, moto keeps it where it does not look."""
    for groups in ec2_backends[DEFAULT_ACCOUNT_ID][region].groups.values():
        for rule in (rule for group in groups.values() for rule in (*group.ingress_rules, *group.egress_rules)):
            if rule.source_group:
                rule.ip_range["Description"] = rule.source_group.get("Description")


def say_who_set_parameters(region: str) -> None:
    """Say that parameters of databases are a user's: AWS does, and Terraform looks at no others."""
    for group in rds_backends[DEFAULT_ACCOUNT_ID][region].db_parameter_groups.values():
        for parameter in group.parameters.values():
            parameter["Source"] = "user"


def a_network(ec2: Any) -> dict[str, Any]:
    """Return a network that was there before: its id, two subnets, and the group of those who ask its database."""
    subnets = ec2.describe_subnets()["Subnets"][:2]
    inside = [{"Name": "vpc-id", "Values": [subnets[0]["VpcId"]]}]
    (group,) = ec2.describe_security_groups(Filters=inside)["SecurityGroups"]
    return {
        "vpc_id": subnets[0]["VpcId"],
        "subnet_ids": [one["SubnetId"] for one in subnets],
        "database_clients": [group["GroupId"]],
    }


def repeat_groups_of_interfaces(ec2: Any) -> None:
    """Tell the instance its security groups: AWS does when they are given with the interface, moto does not."""
    for reservation in ec2.describe_instances()["Reservations"]:
        for instance in reservation["Instances"]:
            groups = [one["GroupId"] for one in instance["NetworkInterfaces"][0]["Groups"]]
            ec2.modify_instance_attribute(InstanceId=instance["InstanceId"], Groups=groups)
