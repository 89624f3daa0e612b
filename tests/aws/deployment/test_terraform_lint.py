"""What checkov and parliament say: nothing that is not answered, with a reason, where it stands."""

import json
import re
import subprocess

import pytest
from terraform import LINTERS, MODULE

pytestmark = [pytest.mark.xdist_group("terraform"), pytest.mark.timeout(600)]

# A trust policy and a key's policy are about what they stand on, and name no resource.
UNNAMED = "Statement contains neither Resource nor NotResource"


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
            if one["mode"] == "managed" and one["values"].get(attribute):
                yield f"{one['address']}.{attribute}", one["values"][attribute]


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


def test_parliament_finds_nothing_in_any_document(large, deployments, tmp_path):
    told = [large["planned_values"], *(one.made() for one in deployments)]
    written = {}
    for number, values in enumerate(told):
        for name, text in documents(values):
            path = tmp_path / f"{number}-{re.sub(r'[^a-z0-9_.-]', '-', name)}.json"
            path.write_text(text)
            written[path.name] = name
    assert len(written) > 20
    done = subprocess.run(  # noqa: S603  the linter that make installs
        [LINTERS / "parliament", "--json", "--directory", tmp_path], capture_output=True, text=True, check=False
    )
    found = [json.loads(line) for line in done.stdout.splitlines()]
    assert [one for one in found if one["detail"] != UNNAMED] == []
    unnamed = {one["location"]["filepath"].rsplit("/", 1)[-1] for one in found}
    assert {name for name in unnamed if "assume_role_policy" not in name} == set()
    assert {name for name in written if "assume_role_policy" in name} == unnamed
    assert done.stderr == ""
