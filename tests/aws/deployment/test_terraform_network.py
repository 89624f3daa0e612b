"""What EC2 refuses and moto takes, read in the files and in plans."""

import re

import pytest
from deployed import HOME
from moto.ec2.models.instance_types import INSTANCE_TYPE_OFFERINGS
from terraform import MODULE, resources

pytestmark = [pytest.mark.xdist_group("terraform"), pytest.mark.timeout(600)]

# https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateSecurityGroup.html
TAKEN = re.compile(r"[a-zA-Z0-9. _:/()#,@\[\]+=&;{}!$*-]{1,255}")
GROUPS_AND_RULES = ("aws_security_group", "aws_vpc_security_group_ingress_rule", "aws_vpc_security_group_egress_rule")


def descriptions():
    """Return what each security group and each rule says of itself."""
    text = "\n".join(path.read_text("utf-8") for path in MODULE.glob("*.tf"))
    body = rf'^resource "(?:{"|".join(GROUPS_AND_RULES)})" "(\w+)" \{{\n(.*?)^\}}'
    return [
        (name, re.findall(r'^  description += "(.*)"$', said, re.MULTILINE))
        for name, said in re.findall(body, text, re.MULTILINE | re.DOTALL)
    ]


def test_ec2_takes_the_description_of_every_security_group_and_rule(small):
    told = descriptions()
    assert len(told) == 6
    assert [one for one in told if len(one[1]) != 1 or not TAKEN.fullmatch(one[1][0])] == []
    planned = [one["description"] for kind in GROUPS_AND_RULES for one in resources(small, kind).values()]
    assert [one for one in planned if not TAKEN.fullmatch(one)] == []


def test_subnets_lie_in_no_local_zone_though_their_names_sort_first(unapplied, monkeypatch):
    offered = INSTANCE_TYPE_OFFERINGS["availability-zone"]
    local = {"InstanceType": "t4g.medium", "LocationType": "availability-zone", "Location": f"{HOME}-ham-1a"}
    monkeypatch.setitem(offered, HOME, [local, *offered[HOME]])
    unapplied.give(unapplied.given)
    plan = unapplied.plan()
    subnets = resources(plan, "aws_subnet")
    assert [one["availability_zone"] for one in subnets.values()] == [f"{HOME}a", f"{HOME}b"]
    usual = configured(plan)["data.aws_availability_zones.usual"]["expressions"]
    assert usual["state"] == {"constant_value": "available"}
    (only,) = usual["filter"]
    assert only["name"] == {"constant_value": "opt-in-status"}
    assert only["values"] == {"constant_value": ["opt-in-not-required"]}


def test_the_machine_boots_when_its_ways_out_and_its_rights_are_there(small):
    awaited = {
        "aws_iam_role_policy.collector",
        "aws_route_table_association.public",
        "aws_s3_bucket_policy.output",
        "aws_s3_object.release",
        "aws_vpc_endpoint.s3",
        "aws_vpc_security_group_egress_rule.https",
    }
    assert awaited <= set(configured(small)["aws_instance.collector"]["depends_on"])


def configured(plan):
    """Return what the files say of each resource, by its address."""
    return {one["address"]: one for one in plan["configuration"]["root_module"]["resources"]}
