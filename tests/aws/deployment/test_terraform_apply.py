"""The module as Terraform sees it: its form, its inputs, and a second plan."""

import re
import shutil

import pytest
from deployed import BY_DEFAULT, WHEEL
from terraform import DRIFT, MODULE, resources

pytestmark = [pytest.mark.xdist_group("terraform"), pytest.mark.timeout(600)]

WRONG = {
    "region": ("Frankfurt", "region is the code of an AWS region"),
    "bucket": ("My_Bucket", "bucket has 3 to 63 lower-case letters"),
    "name": ("tweets-", "name has 3 to 31 lower-case letters"),
    "prefix": ("/tweets/", "prefix is a folder such as collector or x/tweets"),
    "operating_system": ("windows", "operating_system is al2023 or ubuntu."),
    "architecture": ("arm", "architecture is arm64 or x86_64."),
    "instance_type": ("large", "instance_type is an EC2 instance type"),
    "volume_gb": (1, "volume_gb is 10 to 16384."),
    "state_snapshot": ("vol-0a1b2c3d", "state_snapshot is the id of a snapshot"),
    "database": ("mysql", "database is sqlite or postgres."),
    "database_instance_class": ("t4g.micro", "database_instance_class is a class of RDS"),
    "vpc_id": ("10.0.0.0/16", "vpc_id is the id of a VPC"),
    "subnet_ids": ([], "subnet_ids are ids of subnets"),
    "eks_cluster": ("arn:aws:eks:eu-central-1:1:cluster/x", "eks_cluster is the name of an EKS cluster, not its ARN."),
    "kubernetes_namespace": ("Air Flow", "kubernetes_namespace is a DNS label"),
    "kubernetes_service_accounts": ([], "kubernetes_service_accounts are names of service accounts"),
    "package": ("ours", "package is a pinned requirement, such as ours==0.1.0."),
    "wheel": ("no/such.whl", "wheel is the path of an existing .whl file"),
    "accounts": (["not a name"], "accounts are usernames of X"),
    "schedule": ("hourly", "schedule is a cron expression of five fields"),
    "max_usd_per_month": (0, "max_usd_per_month is more than 0."),
    "max_tweets_per_day": (0.5, "max_tweets_per_day is a whole number, 1 or more."),
    "alarm_email": ("nobody", "alarm_email is an e-mail address."),
    "max_lag_minutes": (1, "max_lag_minutes is a whole number, 5 or more."),
    "raw_days": (6, "raw_days is a whole number, 7 or more"),
    "old_version_days": (0, "old_version_days is a whole number, 1 or more."),
    "query_gb": (0, "query_gb is 1 or more."),
    "kms_key_arn": ("alias/mine", "kms_key_arn is the ARN of a KMS key"),
}
ALSO_WRONG = {
    "bucket": ("xn--bucket", "bucket begins or ends with what S3 keeps for itself"),
    "name": ("sg-tweets", "name begins with sg-, which EC2 keeps"),
    "prefix": ("athena/x", "prefix begins with athena or releases"),
    "accounts": ([f"user{number}" for number in range(501)], "accounts are 500 at most"),
}
APART = [
    ({"vpc_id": "vpc-0a1b2c3d"}, "vpc_id and subnet_ids belong together"),
    ({"instance": False, "database": "postgres"}, "needs to know where its clients are: set eks_cluster"),
    (
        {"vpc_id": "vpc-0a1b2c3d", "subnet_ids": ["subnet-0a1b2c3d"], "database": "postgres"},
        "needs two subnets or more, in two availability zones",
    ),
    ({"package": "ours==0.1.0", "wheel": "main.whl"}, "package and wheel are two ways"),
    ({"instance_type": "t2.medium", "architecture": "x86_64"}, "t2.medium is not of the Nitro System"),
    ({"instance_type": "t3.medium"}, "t3.medium has no arm64 processor: set architecture too."),
    ({"eks_cluster": "airflow"}, "eks_cluster is for the large size: set instance = false too"),
]


def words(said):
    """Return what was said without the frames and line breaks of a narrow terminal."""
    return re.sub(r"[\s│]+", " ", said)


def declared():
    """Return the body of each variable by its name."""
    text = "\n".join(path.read_text("utf-8") for path in MODULE.glob("*.tf"))
    return dict(re.findall(r'^variable "(\w+)" \{\n(.*?)^\}', text, re.MULTILINE | re.DOTALL))


def test_the_module_is_formatted_and_valid(unapplied):
    unapplied.run("fmt", "-check", "-diff", "-recursive", str(MODULE))
    unapplied.run("validate", "-no-color")


def test_a_plan_needs_three_inputs_at_most_once_the_wheel_is_built(unapplied):
    needed = {name for name, body in declared().items() if not re.search(r"^ +default +=", body, re.MULTILINE)}
    assert needed == set(BY_DEFAULT) == {"region", "bucket", "name"}
    unapplied.give(BY_DEFAULT)
    (release,) = resources(unapplied.plan(), "aws_s3_object").values()
    assert release["key"].endswith(f"/{WHEEL}")


@pytest.mark.parametrize("built", [[], [WHEEL, WHEEL.replace("0.1", "0.2")]], ids=["none", "two"])
def test_without_one_built_wheel_a_plan_says_what_to_run_and_the_large_size_needs_none(unapplied, built):
    kept = unapplied.dist.rename(unapplied.dist.with_name("kept"))
    unapplied.dist.mkdir()
    for name in built:
        (unapplied.dist / name).write_bytes(b"a wheel")
    unapplied.give(BY_DEFAULT)
    code, said = unapplied.attempt("plan", "-input=false", "-no-color")
    unapplied.give({**BY_DEFAULT, "instance": False})
    unapplied.run("plan", "-input=false", "-no-color")
    shutil.rmtree(unapplied.dist)
    kept.rename(unapplied.dist)
    assert code == 1
    assert "run `make wheel` in the project" in words(said)


def test_every_input_says_what_it_is_and_what_is_wrong_with_it():
    unchecked = {"instance", "detailed_monitoring", "database_multi_az", "database_clients", "force_destroy", "tags"}
    assert set(WRONG) == set(declared()) - unchecked
    assert [name for name, body in declared().items() if "description" not in body] == []


@pytest.mark.parametrize("wrong", [WRONG, ALSO_WRONG], ids=["all", "more"])
def test_each_wrong_input_is_named_with_what_is_allowed(unapplied, wrong):
    unapplied.give({**BY_DEFAULT, **{name: value for name, (value, _) in wrong.items()}})
    code, said = unapplied.attempt("plan", "-input=false", "-no-color")
    assert code == 1
    assert [message for _, message in wrong.values() if message not in words(said)] == []
    assert said.count("Error: Invalid value for variable") == len(wrong)


@pytest.mark.parametrize(
    ("given", "message"), APART, ids=["vpc", "large", "subnets", "package", "xen", "processor", "eks"]
)
def test_inputs_that_do_not_fit_each_other_are_named(unapplied, aws, given, message):
    given = {**BY_DEFAULT, **given}
    if "vpc_id" in given:
        network = aws("ec2").describe_subnets()["Subnets"][0]
        given["vpc_id"] = network["VpcId"]
        given |= {"subnet_ids": [network["SubnetId"]]} if "subnet_ids" in given else {}
    (unapplied.folder / "main.whl").touch()
    unapplied.give(given)
    code, said = unapplied.attempt("plan", "-input=false", "-no-color")
    assert code == 1
    assert message in words(said)


def test_a_second_plan_changes_nothing(deployments):
    for deployment in deployments:
        code, said = deployment.attempt("plan", "-input=false", "-no-color", "-detailed-exitcode")
        assert code != DRIFT, said
        assert code == 0, said
