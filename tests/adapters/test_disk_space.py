"""How much room a disk has left."""

import pytest

from collector.adapters.disk_space import LITTLE, NOTHING, space_finding


@pytest.mark.parametrize(
    ("free", "state"), [(LITTLE, "ok"), (LITTLE - 1, "warning"), (NOTHING, "warning"), (NOTHING - 1, "wrong")]
)
def test_a_disk_that_fills_up_is_told_before_it_is_full(tmp_path, free, state):
    found = space_finding("output space", tmp_path, free)
    assert found.state == state
    assert (str(tmp_path) in found.command) == (state != "ok")


def test_a_folder_that_is_not_made_yet_has_the_room_of_the_one_above(tmp_path):
    found = space_finding("output space", tmp_path / "a" / "b")
    assert found.what.endswith(f"free in {tmp_path}")
    assert list(tmp_path.iterdir()) == []
