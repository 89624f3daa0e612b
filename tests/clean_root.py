"""A clean Debian in a folder, with the wheel of this checkout: what the first boot's script runs in, here for Ubuntu.

Every command has mounts of its own (unshare), which end with it however it ends: nothing is left mounted.
"""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

ROOT = Path(__file__).parent.parent
SUITE = "bookworm"
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
CERTIFICATES = Path("/etc/ssl/certs/ca-certificates.crt")
# How this machine reaches an index of packages.
NETWORK = ("/etc/resolv.conf", "/etc/hosts", "/etc/pip.conf", "/etc/xdg/pip", str(CERTIFICATES))
NAMES = re.compile(r"PIP_.*|.*_CERT|SSL_CERT_.*|REQUESTS_CA_BUNDLE|(https?|no|all)_proxy", re.IGNORECASE)
MOUNTS = 'mount -t proc proc "$1/proc" && mount --rbind /dev "$1/dev" && root=$1 && shift && exec chroot "$root" "$@"'


@cache
def mirror() -> str:
    """Return where this machine's own apt takes the suite from, or nothing."""
    folder = Path("/etc/apt/sources.list.d")
    for path in sorted(folder.glob("*.sources")):
        for entry in path.read_text("utf-8").split("\n\n"):
            fields = dict(re.findall(r"^(\w+): *(.*)$", entry, re.MULTILINE))
            if SUITE in fields.get("Suites", "").split() and "main" in fields.get("Components", "").split():
                return fields["URIs"].split()[0]
    lists = [Path("/etc/apt/sources.list"), *sorted(folder.glob("*.list"))]
    text = "\n".join(path.read_text("utf-8") for path in lists if path.is_file())
    found = re.search(rf"^deb (?:\[.*\] )?(\S+) {SUITE} .*\bmain\b", text, re.MULTILINE)
    return found[1] if found else ""


def answers(url: str) -> bool:
    try:
        with urlopen(f"{url}/dists/{SUITE}/Release", timeout=10):  # noqa: S310  the machine's own mirror
            return True
    except (URLError, OSError, ValueError):
        return False


def lacks() -> str:
    """Return what this machine has not got for a clean root, and how to have it; nothing when all is there."""
    if os.geteuid() or not shutil.which("unshare"):
        return "run the tests as root, on Linux"
    if not shutil.which("debootstrap"):
        return "apt-get install debootstrap"
    if not answers(mirror()):
        return f"have apt's sources name a mirror of Debian {SUITE} that answers"
    return ""


def may_boot() -> bool:
    """Say whether a root can be booted with a systemd of its own: not inside of most containers."""
    program = shutil.which("systemd-nspawn")
    if not program:
        return False
    words = [program, "--register=no", "--keep-unit", "--volatile=yes", "--directory=/", "--pipe", "/usr/bin/true"]
    return subprocess.run(words, stdin=subprocess.DEVNULL, capture_output=True, check=False).returncode == 0  # noqa: S603


def kept_environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if NAMES.fullmatch(name)}


@dataclass(frozen=True, slots=True)
class CleanRoot:
    """The folder, and commands in it."""

    folder: Path

    def path(self, inside: str) -> Path:
        return self.folder / inside.lstrip("/")

    def text(self, inside: str) -> str:
        return self.path(inside).read_text("utf-8")

    def command(self, *words: str, user: str = "", folder: str = "/") -> list[str]:
        """Return what starts a command in the root, as root or as a user."""
        change = f'cd "{folder}" && exec "$@"'
        who = ["setpriv", f"--reuid={user}", f"--regid={user}", "--init-groups"] if user else []
        inside = [*who, "/bin/sh", "-c", change, "sh", *words]
        return ["unshare", "--mount", "sh", "-c", MOUNTS, "sh", str(self.folder), *inside]

    def run(self, *words: str, user: str = "", **environment: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(  # noqa: S603
            self.command(*words, user=user),
            env={"PATH": PATH, "SYSTEMD_OFFLINE": "1", **environment},
            capture_output=True,
            text=True,
            check=False,
        )

    def done(self, *words: str, user: str = "", **environment: str) -> str:
        """Run a command that must end well, and return what it said."""
        ended = self.run(*words, user=user, **environment)
        assert ended.returncode == 0, (words, ended.stdout[-3000:], ended.stderr[-3000:])
        return ended.stdout

    def entries(self, *places: str) -> dict[str, tuple[int, int, int, str]]:
        """Return mode, owner, group and content of everything below some folders."""
        found = (path for place in places for path in self.path(place).rglob("*"))
        return {str(path.relative_to(self.folder)): _entry(path) for path in found}


def _entry(path: Path) -> tuple[int, int, int, str]:
    at = path.lstat()
    content = str(path.readlink()) if path.is_symlink() else ""
    if path.is_file() and not path.is_symlink():
        content = sha256(path.read_bytes()).hexdigest()
    return at.st_mode, at.st_uid, at.st_gid, content


def built_wheel(folder: Path) -> Path:
    """Build the wheel of this checkout."""
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)  # noqa: S603
    (wheel,) = folder.glob("*.whl")
    return wheel


def made_root(folder: Path) -> Iterator[CleanRoot]:
    """Make the root, and remove it after use."""
    words = ["debootstrap", "--variant=minbase", "--include=systemd,ca-certificates", SUITE, str(folder), mirror()]
    done = subprocess.run(words, capture_output=True, text=True, check=False)  # noqa: S603
    assert done.returncode == 0, done.stdout[-3000:]
    folder.chmod(0o755)
    for name in filter(os.path.exists, NETWORK):
        _copy(Path(name), folder / name.lstrip("/"))
    yield CleanRoot(folder)
    subprocess.run(["rm", "-r", "--one-file-system", str(folder)], check=True)  # noqa: S603, S607  a quarter of the time that Python takes


def _copy(source: Path, place: Path) -> None:
    place.parent.mkdir(parents=True, exist_ok=True)
    if source.is_dir():
        shutil.copytree(source, place, dirs_exist_ok=True)
    else:
        shutil.copyfile(source, place)


def assignments(lines: Iterable[str]) -> Mapping[str, str]:
    """Read an environment file as systemd does: quotes fall, and a backslash in them."""
    pairs = (line.partition("=") for line in lines if "=" in line)
    return {name: re.sub(r"\\(.)", r"\1", value[1:-1]) if value[:1] == '"' else value for name, _, value in pairs}
