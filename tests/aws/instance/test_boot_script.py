"""The first boot's script, function by function: what Terraform fills in, and Amazon Linux, which cannot run here."""

import gzip
import re
import subprocess
from hashlib import sha256

from boot_script import BY_DEFAULT, UNITS, ran, rendered
from clean_root import assignments

MOST = 16 * 1024
POSTGRES = "postgresql+psycopg://collector@db.example:5432/collector?sslmode=require"
NASTY = "a \"b\" $HOME `id` \\ 'c' & <d> # %e"


def environment_file(script):
    return script.split("/etc/collector/collector.env <<'END'\n")[1].split("\nEND\n")[0]


def in_bash(text, folder):
    """Return what a shell makes of an environment file."""
    (folder / "file.env").write_text(text)
    command = ["/bin/bash", "-c", "set -a; . ./file.env; env -0"]
    said = subprocess.run(command, cwd=folder, env={}, capture_output=True, text=True, check=True).stdout  # noqa: S603
    return dict(line.split("=", 1) for line in said.split("\0") if line)


def test_with_everything_it_is_below_what_ec2_takes(tmp_path):
    full = {f"COLLECTOR_{number}_OF_TEN": "x" * 60 for number in range(10)} | {"COLLECTOR_STATE_URL": POSTGRES}
    accounts = [sha256(str(number).encode()).hexdigest()[:15] for number in range(500)]
    script = rendered(tmp_path, environment=full, accounts=accounts, wheel_url="s3://b/k.whl")
    # Terraform hands it over by base64gzip: what EC2 counts is packed.
    assert len(gzip.compress(script.encode())) < MOST


def test_it_writes_every_unit_and_nothing_of_the_template_is_left(tmp_path):
    script = rendered(tmp_path)
    assert "$${" not in script
    assert "%{" not in script
    for name, text in UNITS.items():
        folder = "collector-.service.d/" if name.endswith(".conf") else ""
        assert f"/etc/systemd/system/{folder}{name}\" <<'END'\n{text.strip()}\nEND\n" in script
    assert BY_DEFAULT["cloudwatch_agent"] in script


def test_any_value_of_a_setting_comes_through_to_units_and_to_people(tmp_path):
    text = environment_file(rendered(tmp_path, environment={"COLLECTOR_OUTPUT": NASTY}))
    assert assignments(text.splitlines())["COLLECTOR_OUTPUT"] == NASTY
    assert in_bash(text, tmp_path)["COLLECTOR_OUTPUT"] == NASTY


def test_what_is_given_comes_before_what_the_instance_chooses(tmp_path):
    text = environment_file(rendered(tmp_path, environment={"AIRFLOW__CORE__PARALLELISM": "2"}))
    assert in_bash(text, tmp_path)["AIRFLOW__CORE__PARALLELISM"] == "2"


def test_airflow_keeps_its_own_tables_where_the_state_is(tmp_path):
    sqlite = in_bash(environment_file(rendered(tmp_path)), tmp_path)
    assert sqlite["AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"].startswith("sqlite:////var/lib/collector/airflow/airflow.db")
    assert "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN_ASYNC" not in sqlite
    script = rendered(tmp_path, environment={"COLLECTOR_STATE_URL": POSTGRES})
    postgres = in_bash(environment_file(script), tmp_path)
    assert postgres["AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"] == POSTGRES
    assert postgres["AIRFLOW__DATABASE__SQL_ALCHEMY_CONN_ASYNC"] == POSTGRES.replace("+psycopg:", "+psycopg_async:")


def test_accounts_are_written_so_that_a_name_of_digits_is_a_name(tmp_path):
    script = rendered(tmp_path, accounts=["nasa", "@esa", "123"])
    assert "/etc/collector/accounts.csv <<'END'\nusername\n@nasa\n@esa\n@123\nEND\n" in script
    assert "accounts.csv" not in re.sub(r"(?s)  put .*?\nEND\n", "", rendered(tmp_path))


def test_on_amazon_linux_packages_come_from_dnf(tmp_path):
    script = rendered(tmp_path)
    done = ran(tmp_path, script, "system_packages", "echo $python", "install_agent", dnf="exit 0", sleep="exit 0")
    assert (done.returncode, done.stdout) == (0, "python3.12\n")
    assert (tmp_path / "calls").read_text().splitlines() == [
        "dnf install -y -q python3.12 python3.12-pip xfsprogs logrotate util-linux diffutils",
        "dnf install -y -q amazon-cloudwatch-agent",
    ]


def test_an_index_that_is_down_is_asked_again_and_then_the_boot_fails(tmp_path):
    done = ran(tmp_path, rendered(tmp_path), "system_packages", "echo never", dnf="exit 1", sleep="exit 0")
    assert done.returncode == 1
    assert "never" not in done.stdout
    calls = (tmp_path / "calls").read_text().splitlines()
    assert [line.split()[0] for line in calls] == [
        "dnf",
        "sleep",
        "dnf",
        "sleep",
        "dnf",
        "sleep",
        "dnf",
        "sleep",
        "dnf",
    ]


def test_on_amazon_linux_a_wheel_comes_by_the_command_line_of_aws(tmp_path):
    script = rendered(tmp_path, wheel_url="s3://tweets/releases/1/collector-0.1.0-py3-none-any.whl")
    done = ran(tmp_path, script, "wheel_into /somewhere", aws="exit 0")
    assert done.returncode == 0, done.stderr
    url = "s3://tweets/releases/1/collector-0.1.0-py3-none-any.whl"
    assert (tmp_path / "calls").read_text() == f"aws s3 cp --only-show-errors {url} /somewhere/\n"


def test_a_volume_is_found_by_its_id(tmp_path):
    script = rendered(tmp_path, data_device="vol-0123456789abcdef0").replace("seq 120", "seq 2")
    done = ran(tmp_path, script, "data_volume", sleep="exit 0", **{"mkfs.xfs": "exit 1", "blkid": "exit 2"})
    assert done.returncode == 1
    device = "/dev/disk/by-id/nvme-Amazon_Elastic_Block_Store_vol0123456789abcdef0"
    assert f"the volume vol-0123456789abcdef0 is not attached: there is no {device}" in done.stdout


def test_a_boot_that_fails_is_tried_again_after_a_while_and_says_so(tmp_path):
    script = rendered(tmp_path).replace("/var/log/collector", str(tmp_path / "log"))
    stubs = {"getent": "exit 0", "install": "exit 0", "chgrp": "exit 0", "dnf": "exit 1", "sleep": "exit 0"}
    done = ran(
        tmp_path,
        script,
        "main",
        **stubs,
        **{"systemd-run": "exit 0", "mkdir": 'exec /bin/mkdir "$@"'},
        touch='exec /bin/touch "$@"',
    )
    assert done.returncode == 1
    tries = [line for line in (tmp_path / "calls").read_text().splitlines() if line.startswith("systemd-run ")]
    assert len(tries) == 1
    assert tries[0].endswith(f" --on-active=10min bash {tmp_path}/script")
    # systemd would give the limits of the collector's units to whatever has a name like theirs.
    assert "--unit=collector" not in tries[0]
    assert "collector: another try in 10 minutes\n" in done.stdout


def test_where_systemd_cannot_try_again_the_boot_says_how_to(tmp_path):
    done = ran(tmp_path, rendered(tmp_path), "again", "echo end", **{"systemd-run": "exit 1"})
    assert (done.returncode, done.stdout.splitlines()[-1]) == (0, "end")
    assert f"collector: no other try by itself: bash {tmp_path}/script\n" in done.stdout


def test_the_log_of_a_boot_is_sent_before_what_may_fail(tmp_path):
    (steps,) = re.findall(r"for step in (.*); do", rendered(tmp_path))
    assert steps.split().index("cloudwatch") == steps.split().index("folders") + 1
    assert steps.split().index("cloudwatch") < steps.split().index("python_package")


def test_the_agent_reads_logs_by_its_group(tmp_path):
    program = tmp_path / "agent/bin/amazon-cloudwatch-agent-ctl"
    program.parent.mkdir(parents=True)
    program.write_text('#!/bin/sh\necho "ctl $*" >>"$CALLS"\n')
    program.chmod(0o755)
    script = rendered(tmp_path).replace("agent=/opt/aws/amazon-cloudwatch-agent", f"agent={tmp_path}/agent")
    done = ran(tmp_path, script, "cloudwatch", usermod="exit 0", cmp="exit 0")
    assert done.returncode == 0, done.stderr
    _, joined, started = (tmp_path / "calls").read_text().splitlines()
    assert joined == "usermod -a -G collector cwagent"
    assert started.startswith("ctl -a fetch-config -m ec2 -s ")


def test_temporary_files_lie_on_the_disk_not_in_memory(tmp_path):
    script = rendered(tmp_path)
    assert in_bash(environment_file(script), tmp_path)["TMPDIR"] == "/var/tmp"  # noqa: S108
    assert ran(tmp_path, script, "mktemp").stdout.startswith("/var/tmp/")  # noqa: S108


def test_logs_are_rotated_on_amazon_linux_too(tmp_path):
    assert ran(tmp_path, rendered(tmp_path), "services", systemctl="exit 0").returncode == 0
    assert "logrotate.timer" in (tmp_path / "calls").read_text().splitlines()[1].split()


def test_without_an_agent_the_boot_goes_on_and_says_so(tmp_path):
    script = rendered(tmp_path).replace("agent=/opt/aws", f"agent={tmp_path}")
    stubs = {"dnf": "exit 1", "cmp": "exit 0"}
    done = ran(tmp_path, script, "cloudwatch", "echo on it goes", **stubs)
    assert done.returncode == 0, done.stderr
    assert "WARNING: no CloudWatch agent: logs and numbers stay on this machine" in done.stdout
    assert done.stdout.endswith("on it goes\n")
