"""Logs of the flow are gathered, and hold no text of a tweet."""

import pytest
from structlog.testing import capture_logs


@pytest.fixture(autouse=True)
def events():
    with capture_logs() as gathered:
        yield gathered
    assert '"tweet ' not in str(gathered)  # F59
    assert "text" not in str(gathered)
