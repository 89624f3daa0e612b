"""Logs of the flow are gathered, and hold no text of a tweet; a room has one account, unless a file makes its own."""

import pytest
from rooms import EIGHT, NASA, Room
from structlog.testing import capture_logs


@pytest.fixture(autouse=True)
def events():
    with capture_logs() as gathered:
        yield gathered
    assert '"tweet ' not in str(gathered)  # F59
    assert "text" not in str(gathered)


@pytest.fixture
def room():
    made = Room()
    made.follow(NASA, *EIGHT)
    return made
