"""What is so of every IAM document, with no server to try it on."""

import json
import re
from string import Template

import pytest
from documents import POLICIES

PLACEHOLDERS = {
    "partition",
    "region",
    "account_id",
    "bucket",
    "prefix",
    "secret_arn",
    "log_group_arn",
    "release_key",
    "key_arn",
}
DOCUMENTS = sorted(path.stem for path in POLICIES.glob("*.json"))
WITHOUT_RESOURCE = {"ssm:UpdateInstanceInformation", "cloudwatch:PutMetricData"}
"""Actions that IAM lets nobody limit to a resource; those of `ssmmessages` are such, too."""


def read(name):
    return Template((POLICIES / f"{name}.json").read_text("utf-8"))


def statements(name):
    return json.loads(read(name).substitute({one: one for one in PLACEHOLDERS}))["Statement"]


@pytest.mark.parametrize("name", DOCUMENTS)
def test_python_and_terraform_fill_in_the_same(name):
    text = read(name)
    assert text.is_valid()
    assert set(text.get_identifiers()) <= PLACEHOLDERS
    assert re.findall(r"%\{|\$\$|\$(?!\{)", text.template) == []


@pytest.mark.parametrize("name", DOCUMENTS)
def test_nothing_is_allowed_by_a_wildcard(name):
    for statement in statements(name):
        if statement["Effect"] == "Allow":
            assert [action for action in statement["Action"] if "*" in action] == []
            assert not {"NotAction", "NotResource", "NotPrincipal"} & statement.keys()


@pytest.mark.parametrize("name", [name for name in DOCUMENTS if not name.startswith(("trust-", "bucket"))])
def test_all_resources_are_meant_only_where_there_are_none(name):
    for statement in statements(name):
        if "*" in statement["Resource"]:
            limitable = {action for action in statement["Action"] if not action.startswith("ssmmessages:")}
            assert limitable <= WITHOUT_RESOURCE


def test_what_the_role_lists_is_what_nobody_writes_over():
    (listing,) = (one for one in statements("objects") if one["Sid"] == "ListObjects")
    (guarding,) = (one for one in statements("bucket") if one["Sid"] == "PublishedObjectsAreOnlyCreated")
    listed = {f"arn:partition:s3:::bucket/{prefix}" for prefix in listing["Condition"]["StringLike"]["s3:prefix"]}
    assert listed == set(guarding["Resource"])
