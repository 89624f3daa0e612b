"""What EC2 refuses and moto takes, read in the files and in plans."""

import re

import pytest
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
