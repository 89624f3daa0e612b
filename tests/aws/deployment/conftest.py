"""Three deployments of config/aws on moto, made once for all tests here: waiting is most of what they cost."""

import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import boto3
import pytest
from absent import not_checked
from deployed import (
    AWAY,
    BY_DEFAULT,
    CHOSEN,
    ELSEWHERE,
    HOME,
    LARGE,
    Clients,
    Deployments,
    add_what_moto_lacks,
    repeat_groups_of_interfaces,
    say_who_set_parameters,
    two_subnets,
)
from moto.core import DEFAULT_ACCOUNT_ID
from moto.eks.models import eks_backends
from terraform import LINTERS, PROGRAM, Deployment, Started, providers

if PROGRAM is None or providers() is None:
    not_checked(
        "that config/aws applies, that a second plan finds no drift, and that every security setting is as it should be",
        "install Terraform (1.5 or newer) or OpenTofu; then, where there is a network, in config/aws: "
        "terraform providers mirror ~/.terraform.d/plugins",
    )
    collect_ignore_glob = ["test_terraform_*.py"]
elif not (LINTERS / "checkov").exists():
    not_checked("config/aws by checkov and parliament", "make .venv/checkov (it needs a package index)")
    collect_ignore_glob = ["test_terraform_lint.py"]


@pytest.fixture(scope="session")
def aws(s3_server: str) -> Clients:
    """Give clients of the server's interfaces."""
    session = boto3.Session(aws_access_key_id="test", aws_secret_access_key="test")
    return lambda service, region=HOME: session.client(service, region_name=region, endpoint_url=s3_server)


@pytest.fixture(scope="session", autouse=True)
def begun(s3_server: str, aws: Clients, tmp_path_factory) -> Iterator[tuple[Deployments, list[Started]]]:
    """Begin all at the same time, while other tests run."""
    add_what_moto_lacks(AWAY, aws)
    folder = tmp_path_factory.mktemp("terraform")
    given = {"by_default": BY_DEFAULT, "chosen": CHOSEN, "elsewhere": {**ELSEWHERE, **two_subnets(aws("ec2", AWAY))}}
    made = Deployments(**{name: Deployment(folder / name, s3_server, one).begin() for name, one in given.items()})
    running = [one.start("apply", "-input=false", "-no-color", "-auto-approve") for one in made]
    yield made, running
    for one in running:
        one.stop()
    shutil.rmtree(folder)


@pytest.fixture(scope="session")
def deployments(begun, aws: Clients) -> Deployments:
    """Wait until all are applied."""
    made, running = begun
    for one in running:
        one.succeed()
    for region in (HOME, AWAY):
        repeat_groups_of_interfaces(aws("ec2", region))
        say_who_set_parameters(region)
    return made


@pytest.fixture(scope="session")
def by_default(deployments: Deployments) -> Deployment:
    """Give the deployment with nothing but region, bucket and name: SQLite on Amazon Linux on arm64."""
    return deployments.by_default


@pytest.fixture(scope="session")
def chosen(deployments: Deployments) -> Deployment:
    """Give the deployment in which everything is chosen: Ubuntu on x86_64, a KMS key, accounts, budgets."""
    return deployments.chosen


@pytest.fixture(scope="session")
def elsewhere(deployments: Deployments) -> Deployment:
    """Give the deployment for an executor elsewhere, with RDS in a network that was there."""
    return deployments.elsewhere


@pytest.fixture(scope="session")
def instance_of(deployments, aws: Clients) -> Callable[[Deployment], dict[str, Any]]:
    """Return what EC2 says about the instance of a deployment."""

    def said(deployment: Deployment) -> dict[str, Any]:
        ec2 = aws("ec2", deployment.given["region"])
        return ec2.describe_instances(InstanceIds=[deployment.outputs()["instance_id"]])["Reservations"][0][
            "Instances"
        ][0]

    return said


@pytest.fixture(scope="session")
def unapplied(s3_server: str, tmp_path_factory) -> Deployment:
    """Give a copy of the module that is only planned."""
    return Deployment(tmp_path_factory.mktemp("terraform") / "unapplied", s3_server, BY_DEFAULT).begin()


@pytest.fixture(scope="session")
def large(unapplied: Deployment, aws: Clients) -> dict[str, Any]:
    """Give the plan of the large size; moto has no Pod Identity, so it is not applied."""
    network = two_subnets(aws("ec2"))
    aws("eks").create_cluster(
        name="airflow", roleArn="arn:aws:iam::1:role/eks", resourcesVpcConfig={"subnetIds": network["subnet_ids"]}
    )
    told = eks_backends[DEFAULT_ACCOUNT_ID][HOME].clusters["airflow"].resources_vpc_config
    told |= {"vpcId": network["vpc_id"], "clusterSecurityGroupId": "sg-0a1b2c3d"}
    deployment = replace(unapplied, given=LARGE)
    deployment.give(LARGE)
    return deployment.plan()
