"""The first boot's script by shellcheck."""

import shutil
import subprocess

import pytest
from boot_script import rendered

POSTGRES = {"COLLECTOR_STATE_URL": "postgresql+psycopg://collector@db:5432/collector"}


@pytest.mark.parametrize("given", [{}, {"environment": POSTGRES, "accounts": ["nasa"], "wheel_url": "s3://b/k.whl"}])
def test_shellcheck_has_nothing_to_say(given, tmp_path):
    script = tmp_path / "user-data.sh"
    script.write_text(rendered(tmp_path, **given))
    done = subprocess.run([shutil.which("shellcheck"), script], capture_output=True, text=True, check=False)  # noqa: S603
    assert (done.returncode, done.stdout) == (0, "")
