"""Three deployments of config/aws on moto, made once for all tests here: waiting is most of what they cost."""

import shutil
from collections.abc import Iterator
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
    FROM_AN_INDEX,
    HOME,
    LARGE,
    WHEEL,
    Clients,
    Deployments,
    a_network,
    add_what_moto_lacks,
    repeat_descriptions_of_rules,
    repeat_groups_of_interfaces,
    say_who_set_parameters,
)
from moto.core import DEFAULT_ACCOUNT_ID
from moto.eks.models import eks_backends
from terraform import LINTERS, PROGRAM, Deployment, Started, providers

if PROGRAM is None or providers() is None:
    not_checked(
        "that config/aws applies, without drift, and that every security setting is as it should be",
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
    given = {
        "by_default": {**BY_DEFAULT, **FROM_AN_INDEX},
        "chosen": CHOSEN,
        "elsewhere": {**ELSEWHERE, **a_network(aws("ec2", AWAY))},
    }
    made = Deployments(
        **{name: Deployment(folder / name / "config" / "aws", s3_server, one).begin() for name, one in given.items()}
    )
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
        repeat_descriptions_of_rules(region)
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
def unapplied(s3_server: str, tmp_path_factory) -> Deployment:
    """Give a copy of the module that is only planned, after `make wheel`."""
    project = tmp_path_factory.mktemp("project")
    deployment = Deployment(project / "config" / "aws", s3_server, BY_DEFAULT).begin()
    deployment.dist.mkdir()
    (deployment.dist / WHEEL).write_bytes(b"a wheel")
    return deployment


@pytest.fixture(scope="session")
def network_of_cluster(aws: Clients) -> dict[str, Any]:
    """Make an EKS cluster, and return its network; moto leaves out half of it."""
    network = a_network(aws("ec2"))
    asked = {"subnetIds": network["subnet_ids"]}
    aws("eks").create_cluster(
        name="airflow", roleArn=f"arn:aws:iam::{DEFAULT_ACCOUNT_ID}:role/eks", resourcesVpcConfig=asked
    )
    told = eks_backends[DEFAULT_ACCOUNT_ID][HOME].clusters["airflow"].resources_vpc_config
    told |= {"vpcId": network["vpc_id"], "clusterSecurityGroupId": network["database_clients"][0]}
    return told


@pytest.fixture(scope="session")
def large(unapplied: Deployment, network_of_cluster: dict[str, Any]) -> dict[str, Any]:
    """Give the plan of the large size; moto has no Pod Identity, so it is not applied."""
    assert network_of_cluster["vpcId"]
    deployment = replace(unapplied, given=LARGE)
    deployment.give(LARGE)
    return deployment.plan()


@pytest.fixture(scope="session")
def small(unapplied: Deployment) -> dict[str, Any]:
    """Give the plan of the small size with the wheel that was built, and RDS in a network of its own."""
    deployment = replace(unapplied, given={**BY_DEFAULT, "database": "postgres"})
    deployment.give(deployment.given)
    return deployment.plan()
