"""The plan of the large size, and of what moto cannot make: Pod Identity, and a wheel behind a bucket's policy."""

import json

import pytest
from deployed import BY_DEFAULT, LARGE, WHEEL
from terraform import MODULE, resources

pytestmark = [pytest.mark.xdist_group("terraform"), pytest.mark.timeout(600)]


def test_pods_take_the_collector_s_role_through_pod_identity(large):
    made = resources(large, "aws_eks_pod_identity_association")
    assert "airflow-worker" in made
    for account, one in made.items():
        assert (one["cluster_name"], one["namespace"], one["service_account"]) == ("airflow", "airflow", account)
    (role,) = resources(large, "aws_iam_role").values()
    (trust,) = json.loads(role["assume_role_policy"])["Statement"]
    assert trust["Principal"] == {"Service": "pods.eks.amazonaws.com"}
    assert sorted(trust["Action"]) == ["sts:AssumeRole", "sts:TagSession"]


def test_the_large_size_has_the_same_bucket_and_database_and_no_instance(large):
    assert resources(large, "aws_instance") == resources(large, "aws_ebs_volume") == resources(large, "aws_vpc") == {}
    assert resources(large, "aws_s3_bucket")["output"]["bucket"] == BY_DEFAULT["bucket"]
    assert "session-manager" not in resources(large, "aws_iam_role_policy")
    (database,) = resources(large, "aws_db_instance").values()
    assert database["deletion_protection"]
    assert database["storage_encrypted"]
    assert not database["publicly_accessible"]


def test_the_database_lies_in_the_cluster_s_network_and_takes_its_pods_alone(large, network_of_cluster):
    (group,) = resources(large, "aws_db_subnet_group").values()
    assert sorted(group["subnet_ids"]) == sorted(network_of_cluster["subnetIds"])
    (inside,) = resources(large, "aws_security_group").values()
    assert inside["vpc_id"] == network_of_cluster["vpcId"]
    (rule,) = resources(large, "aws_vpc_security_group_ingress_rule").values()
    assert rule["referenced_security_group_id"] == network_of_cluster["clusterSecurityGroupId"]
    assert (rule["from_port"], rule["to_port"]) == (5432, 5432)
    assert LARGE["eks_cluster"] == "airflow"


def test_a_wheel_is_put_below_releases_by_its_content_and_the_role_may_read_that_one(small):
    (release,) = resources(small, "aws_s3_object").values()
    assert release["key"].startswith("releases/")
    assert release["key"].endswith(f"/{WHEEL}")
    rights = json.loads(resources(small, "aws_iam_role_policy")["release"]["policy"])
    (statement,) = rights["Statement"]
    assert statement["Action"] == ["s3:GetObject"]
    assert statement["Resource"] == [f"arn:aws:s3:::{BY_DEFAULT['bucket']}/{release['key']}"]


def test_no_file_of_the_module_names_a_version_that_was_not_tried():
    text = (MODULE / "versions.tf").read_text("utf-8")
    assert 'version = "~> 5.100"' in text
    assert 'required_version = ">= 1.5"' in text


def test_an_instance_reaches_its_database_and_nobody_else_does(small):
    egress = resources(small, "aws_vpc_security_group_egress_rule").values()
    assert sorted((rule["from_port"], rule["cidr_ipv4"]) for rule in egress) == [(443, "0.0.0.0/0"), (5432, None)]
    (ingress,) = resources(small, "aws_vpc_security_group_ingress_rule").values()
    assert (ingress["from_port"], ingress["cidr_ipv4"]) == (5432, None)
    assert set(resources(small, "aws_subnet")) == {"public.0", "public.1", "private.0", "private.1"}
