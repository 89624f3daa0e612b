"""What a changed input does to what stands: planned, not applied."""

import pytest
from deployed import AWAY, KEY
from terraform import resources

pytestmark = [pytest.mark.xdist_group("terraform"), pytest.mark.timeout(600)]


@pytest.fixture
def changed(request, deployments):
    """Plan a deployment with another input, and return each change by its address; the inputs are as before then."""
    name, other = request.param
    deployment = getattr(deployments, name)
    deployment.give({**deployment.given, **other})
    plan = deployment.plan()
    deployment.give(deployment.given)
    return {one["address"]: one["change"] for one in plan["resource_changes"]}


@pytest.mark.parametrize(
    "changed",
    [("by_default", {"architecture": "x86_64"}), ("chosen", {"operating_system": "al2023"})],
    indirect=True,
    ids=["architecture", "operating_system"],
)
def test_another_system_or_processor_makes_another_machine_of_another_image_and_keeps_the_state(changed):
    machine = changed["aws_instance.collector[0]"]
    assert machine["actions"] == ["delete", "create"]
    assert machine["before"]["ami"] != machine["after"]["ami"]
    assert changed["aws_ebs_volume.state[0]"]["actions"] == ["no-op"]


@pytest.mark.parametrize(
    "changed",
    [
        ("by_default", {"kms_key_arn": KEY.replace(AWAY, "eu-central-1")}),
        ("by_default", {"state_snapshot": "snap-0a1b2c3d"}),
    ],
    indirect=True,
    ids=["key", "snapshot"],
)
def test_no_input_puts_an_empty_volume_in_place_of_the_state(changed):
    assert changed["aws_ebs_volume.state[0]"]["actions"] == ["no-op"]


def test_a_lost_state_comes_back_from_a_snapshot(unapplied):
    unapplied.give({**unapplied.given, "state_snapshot": "snap-0a1b2c3d"})
    (volume,) = resources(unapplied.plan(), "aws_ebs_volume").values()
    assert volume["snapshot_id"] == "snap-0a1b2c3d"
