"""What the tests of the instance need of this machine, told loudly where it is absent."""

import shutil

from absent import not_checked
from boot_script import PROGRAM
from clean_root import lacks

collect_ignore_glob = []

if PROGRAM is None:
    not_checked("the first boot's script of the instance", "install Terraform (1.5 or newer) or OpenTofu")
    collect_ignore_glob += ["test_boot_*.py", "test_first_boot.py"]
elif lacks():
    not_checked("the first boot's script of the instance, run in a clean root", lacks())
    collect_ignore_glob += ["test_first_boot.py"]
if not shutil.which("shellcheck"):
    not_checked("the first boot's script of the instance by shellcheck", "apt-get install shellcheck")
    collect_ignore_glob += ["test_boot_lint.py"]
if not shutil.which("systemd-analyze"):
    not_checked("the systemd units of the instance by systemd-analyze", "apt-get install systemd")
    collect_ignore_glob += ["test_units_verified.py"]
