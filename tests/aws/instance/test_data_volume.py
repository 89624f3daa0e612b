"""The volume that holds state and history: formatted when it is blank, never otherwise, and found after every boot.

A file as a block device stands for the volume; each run has mounts of its own.
"""

import os
import re
import struct
import subprocess
from pathlib import Path

import pytest
from boot_script import rendered, without_end
from booted_instance import HOME

pytestmark = [pytest.mark.timeout(900), pytest.mark.xdist_group("first-boot")]

# A table of one Linux partition, from sector 2048 on, of 2^18 sectors.
PARTITIONED = bytes(446) + b"\0\0\0\0\x83\0\0\0" + struct.pack("<II", 2048, 2**18) + bytes(48) + b"\x55\xaa"
SIZE = 400 * 2**20
MOUNTED = f"while read -r device place kind _; do [ $place != {HOME} ] || echo $device $kind; done </proc/self/mounts"
FSTAB = "# what was there before\nUUID=0000 /boot ext4 defaults 0 1\n"


def said(*words):
    return subprocess.run(words, capture_output=True, text=True, check=True).stdout.strip()  # noqa: S603


@pytest.fixture
def volume(instance, tmp_path):
    """A blank volume of 400 MB."""
    file = tmp_path / "volume"
    with file.open("wb") as made:
        made.truncate(SIZE)
    device = said("losetup", "--find", "--show", str(file))
    instance.root.path("/etc/fstab").write_text(FSTAB)
    yield device
    said("losetup", "--detach", device)


@pytest.fixture
def booted(instance, tmp_path):
    """What mounts the volume and then runs a command, as root in the clean root."""

    def boot(volume, command="true"):
        functions = without_end(rendered(tmp_path, data_device=volume))
        return instance.root.run("bash", "-c", f"{functions}trap 'say FAILED' ERR\ndata_volume\n{command}")

    return boot


def fstab(instance):
    return instance.root.text("/etc/fstab").removeprefix(FSTAB)


def test_a_blank_volume_is_formatted_and_found_again_by_its_uuid(volume, booted, instance):
    done = booted(volume, MOUNTED)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == f"{volume} xfs"
    entry = re.escape(f" {HOME} auto defaults,nofail,x-systemd.growfs,x-systemd.device-timeout=60 0 2\n")
    assert re.fullmatch(rf"UUID=[0-9a-f-]{{36}}{entry}", fstab(instance))


def test_what_a_volume_holds_outlives_the_machine(volume, booted, instance):
    assert booted(volume, f"echo kept >{HOME}/state.db").returncode == 0
    instance.root.path("/etc/fstab").write_text(FSTAB)
    assert booted(volume, f"cat {HOME}/state.db").stdout.endswith("kept\n")


def test_a_second_run_finds_the_volume_mounted(volume, booted, instance):
    assert booted(volume, 'before=$(cat /etc/fstab); data_volume; [ "$before" = "$(cat /etc/fstab)" ]').returncode == 0
    assert fstab(instance).count(HOME) == 1


def test_another_volume_takes_the_place_of_the_first(volume, booted, instance):
    instance.root.path("/etc/fstab").write_text(f"{FSTAB}UUID=1111 {HOME} auto defaults,nofail 0 2\n")
    assert booted(volume).returncode == 0
    assert fstab(instance).count(HOME) == 1
    assert "UUID=1111" not in fstab(instance)


def test_a_grown_volume_has_a_grown_file_system(volume, booted):
    size = f"stat -f -c '%b %S' {HOME}"
    before = booted(volume, size).stdout.splitlines()[-1]
    os.truncate(said("losetup", "--noheadings", "--output=BACK-FILE", volume), 2 * SIZE)
    said("losetup", "--set-capacity", volume)
    after = booted(volume, size).stdout.splitlines()[-1]
    assert int(after.split()[0]) > 1.5 * int(before.split()[0])


def test_what_belongs_to_another_number_becomes_the_collectors(volume, booted):
    made = f"mkdir {HOME}/airflow; touch {HOME}/state.db; ln -s /etc {HOME}/etc; chown -hR 1234:1234 {HOME}"
    seen = f"stat -c '%u:%g %a' {HOME}; stat -c %u:%g {HOME}/airflow {HOME}/state.db {HOME}/etc /etc"
    done = booted(volume, f"{made}; folders; {seen}")
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-5:] == ["861:861 750", "861:861", "861:861", "861:861", "0:0"]


def test_a_volume_with_another_file_system_is_taken_as_it_is(volume, booted):
    said("mkfs.ext4", "-q", volume)
    assert booted(volume, MOUNTED).stdout.splitlines()[-1] == f"{volume} ext4"


def test_a_disk_with_partitions_is_never_formatted(volume, booted, instance):
    with Path(volume).open("r+b") as device:
        device.write(PARTITIONED)
    before = Path(volume).read_bytes()
    done = booted(volume, "echo never")
    assert done.returncode == 1
    assert "never" not in done.stdout
    assert Path(volume).read_bytes() == before
    assert fstab(instance) == ""
