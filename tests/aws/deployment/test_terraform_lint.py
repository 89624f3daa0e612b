"""What checkov and parliament say: nothing that is not answered, with a reason, where it stands."""

import json
import re
import subprocess

import pytest
from terraform import LINTERS, MODULE

pytestmark = [pytest.mark.xdist_group("terraform"), pytest.mark.timeout(600)]

# What AWS writes itself, for a topic and an endpoint without a policy, is not looked at.
OURS = {"aws_iam_role", "aws_iam_role_policy", "aws_s3_bucket_policy", "aws_sns_topic_policy", "aws_kms_key"}
ANSWERED = {
    ("MALFORMED", "aws_iam_role"): "a trust policy is about the role it stands on, and names no resource",
    ("RESOURCE_STAR", "aws_kms_key"): "in the policy of a key, * is this key",
}


def checkov(*words):
    done = subprocess.run(  # noqa: S603  the linter that make installs
        [LINTERS / "checkov", "--skip-download", "--quiet", "--compact", "--output", "json", *words],
        capture_output=True,
        text=True,
        check=False,
    )
    return json.loads(done.stdout)


def failures(report):
    return [(one["check_id"], one["resource"], one["check_name"]) for one in report["results"]["failed_checks"]]


def documents(values):
    """Yield every IAM document in what Terraform tells, by its resource."""
    for one in values["root_module"]["resources"]:
        for attribute in ("policy", "assume_role_policy"):
            text = one.get("values", {}).get(attribute)
            if one["type"] in OURS and one["mode"] == "managed" and text:
                yield one["address"], text


def test_checkov_finds_nothing_in_the_module_that_is_not_answered():
    report = checkov("--directory", str(MODULE), "--framework", "terraform")
    assert failures(report) == []
    assert report["summary"]["passed"] > 60


@pytest.mark.parametrize("size", ["large", "small"])
def test_checkov_finds_nothing_in_a_plan_either(size, request, tmp_path):
    """Values that only a plan knows are looked at too; what the text answers for is left out."""
    answered = set(re.findall(r"#checkov:skip=(\w+):", "".join(path.read_text() for path in MODULE.glob("*.tf"))))
    file = tmp_path / "plan.json"
    file.write_text(json.dumps(request.getfixturevalue(size)))
    report = checkov("--file", str(file), "--framework", "terraform_plan", "--skip-check", ",".join(sorted(answered)))
    assert failures(report) == []
    assert report["summary"]["passed"] > 60


def test_every_skip_of_checkov_has_a_reason():
    skips = re.findall(r"#checkov:skip=(\w+)(.*)", "".join(path.read_text() for path in MODULE.glob("*.tf")))
    assert len(skips) > 10
    assert [skip for skip, reason in skips if len(reason.split()) < 2 or not reason.startswith(":")] == []


def test_parliament_finds_nothing_in_any_document(large, small, deployments, tmp_path):
    told = [large["planned_values"], small["planned_values"], *(one.made() for one in deployments)]
    for number, values in enumerate(told):
        for name, text in documents(values):
            (tmp_path / f"{number}-{re.sub(r'[^a-z0-9_.-]', '-', name)}.json").write_text(text)
    assert len(list(tmp_path.iterdir())) > 30
    done = subprocess.run(  # noqa: S603  the linter that make installs
        [LINTERS / "parliament", "--json", "--directory", tmp_path], capture_output=True, text=True, check=False
    )
    assert done.stderr == ""
    found = {finding(json.loads(line)) for line in done.stdout.splitlines()}
    assert found == set(ANSWERED)


def finding(told):
    """Return what parliament found, and in what kind of resource."""
    name = told["location"]["filepath"].rsplit("/", 1)[-1]
    return told["issue"], name.partition("-")[2].partition(".")[0]
