"""A Ceph RADOS Gateway of our own: S3, IAM and STS that enforce policies, over https, all in memory."""

import re
import secrets
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from ipaddress import ip_address
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs
from uuid import uuid4

import boto3
from botocore.config import Config
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

PROGRAMS = ("ceph-mon", "ceph-osd", "radosgw", "radosgw-admin", "ceph", "monmaptool", "setpriv")
HOST = "127.0.0.1"
REGION = "us-east-1"
PATIENCE = 60.0
CONFIG = """
[global]
fsid = {fsid}
mon_host = [v1:{host}:{mon}]
ms_bind_msgr2 = false
public_network = 127.0.0.0/8
auth_cluster_required = none
auth_service_required = none
auth_client_required = none
auth_allow_insecure_global_id_reclaim = false
osd_pool_default_size = 1
osd_pool_default_min_size = 1
osd_pool_default_pg_num = 1
osd_pool_default_pgp_num = 1
osd_pool_default_pg_autoscale_mode = off
osd_crush_chooseleaf_type = 0
mon_allow_pool_size_one = true
mon_data_avail_warn = 2
mon_data_avail_crit = 1
mon_max_pg_per_osd = 1000
paxos_propose_interval = 0.02
paxos_min_wait = 0.01
run_dir = {folder}
admin_socket =
log_file = {folder}/$name.log
setuser_match_path =
mon_data = {folder}/mon
osd_data = {folder}/osd
osd_objectstore = memstore
memstore_device_bytes = 2147483648
osd_class_update_on_start = false
osd_crush_update_on_start = false
[client.rgw]
rgw_frontends = beast ssl_endpoint={host}:{https} ssl_certificate={folder}/both.pem tcp_nodelay=1
rgw_data = {folder}/rgw
rgw_thread_pool_size = 32
rgw_enable_usage_log = false
rgw_enable_ops_log = false
rgw_dns_name = localhost
rgw_s3_auth_use_sts = true
rgw_sts_key = abcdefghijklmnop
"""


@dataclass(frozen=True, slots=True)
class Keys:
    """An access key, and the session token where it is a session's."""

    access: str
    secret: str
    token: str | None = None

    @property
    def environment(self) -> dict[str, str]:
        named = {"AWS_ACCESS_KEY_ID": self.access, "AWS_SECRET_ACCESS_KEY": self.secret}
        return named | ({"AWS_SESSION_TOKEN": self.token} if self.token else {})


@dataclass(frozen=True, slots=True)
class Ceph:
    """A gateway that runs; `owner` may do everything, `machine` nothing but what a role lets it."""

    url: str
    certificate: Path
    log: Path
    owner: Keys
    machine: Keys

    def client(self, service: str, keys: Keys) -> Any:
        # This gateway reads no body whose checksum follows it, which is how boto3 sends one over https.
        config = Config(retries={"total_max_attempts": 1}, request_checksum_calculation="when_required")
        signed = {
            "aws_access_key_id": keys.access,
            "aws_secret_access_key": keys.secret,
            "aws_session_token": keys.token,
        }
        where = {"region_name": REGION, "endpoint_url": self.url, "verify": str(self.certificate)}
        return one_session().client(service, config=config, **signed, **where)

    def asked_by_machine(self, bucket: str) -> set[str]:
        """Return the kinds of requests that sessions of `machine` sent for a bucket, and below which folder."""
        line = re.compile(rf'- machine \[[^]]*\] "(\w+) /{bucket}([/?]\S*) ')
        return {_kind(method, target) for method, target in line.findall(self.log.read_text("utf-8", "replace"))}

    def environment(self, keys: Keys) -> dict[str, str]:
        """Return what boto3 needs in the environment to work here with `keys`, over https."""
        settings = {
            "AWS_ENDPOINT_URL_S3": self.url,
            "AWS_CA_BUNDLE": str(self.certificate),
            "AWS_DEFAULT_REGION": REGION,
            "AWS_REQUEST_CHECKSUM_CALCULATION": "when_required",
        }
        return settings | keys.environment


@cache
def one_session() -> boto3.Session:
    """Return one session for all clients: a client costs a tenth of a second in a session of its own."""
    return boto3.Session()


def absent_programs() -> list[str]:
    """Return which of Ceph's programs this machine lacks."""
    return [program for program in PROGRAMS if shutil.which(program) is None]


@contextmanager
def running_ceph() -> Iterator[Ceph]:
    """Run a gateway while the block lasts; its processes end with this one, also when it is killed."""
    folder = Path(tempfile.mkdtemp(prefix="ceph-"))
    processes: list[subprocess.Popen[bytes]] = []
    try:
        yield _started(folder, processes)
    finally:
        for process in reversed(processes):
            process.kill()
            process.wait()
        shutil.rmtree(folder)


def _kind(method: str, target: str) -> str:
    path, _, query = target.partition("?")
    asked = parse_qs(query)
    if method == "GET" and asked.get("list-type") == ["2"] and path in {"", "/"}:
        method, path, query = "LIST", f"/{asked['prefix'][0]}", ""
    folder = path.split("/")[2] if path.count("/") > 1 else path
    return f"{method} {folder}" + (f"?{query}" if query else "")


def _started(folder: Path, processes: list[subprocess.Popen[bytes]]) -> Ceph:
    mon, https = _free_ports(2)
    fsid, osd = str(uuid4()), str(uuid4())
    (folder / "ceph.conf").write_text(CONFIG.format(fsid=fsid, host=HOST, folder=folder, mon=mon, https=https))
    _write_certificate(folder)
    _run(folder, "monmaptool", "--create", "--fsid", fsid, "--addv", "a", f"[v1:{HOST}:{mon}]", str(folder / "map"))
    _run(folder, "ceph-mon", "-i", "a", "--mkfs", "--monmap", str(folder / "map"))
    processes.append(_serve(folder, "ceph-mon", "-i", "a"))
    _run(folder, "ceph", "osd", "new", osd, "0")
    (folder / "osd").mkdir()
    _run(folder, "ceph-osd", "-i", "0", "--mkfs", "--osd-uuid", osd)
    processes.append(_serve(folder, "ceph-osd", "-i", "0"))
    _run(folder, "ceph", "osd", "crush", "add", "osd.0", "1.0", "host=localhost", "root=default")
    processes.append(_serve(folder, "radosgw", "-n", "client.rgw"))
    owner, machine = Keys("OWNERKEY", secrets.token_hex(8)), Keys("MACHINEKEY", secrets.token_hex(8))
    _wait_for(https, processes[-1])
    _make_user(folder, "owner", owner, "roles=*;user-policy=*")
    _make_user(folder, "machine", machine)
    return Ceph(
        f"https://{HOST}:{https}",
        folder / "certificate.pem",
        folder / "client.rgw.log",
        owner,
        machine,
    )


def _run(folder: Path, program: str, *words: str) -> None:
    command = [program, "-c", str(folder / "ceph.conf"), *words]
    ended = subprocess.run(command, capture_output=True, check=False, timeout=PATIENCE, text=True)  # noqa: S603
    if ended.returncode:
        message = f"{' '.join(command)} ended with {ended.returncode}: {ended.stderr[-2000:]}"
        raise RuntimeError(message)


def _serve(folder: Path, program: str, *words: str) -> subprocess.Popen[bytes]:
    command = ["setpriv", "--pdeathsig", "KILL", program, "-f", "-c", str(folder / "ceph.conf"), *words]
    with (folder / f"{program}.out").open("wb") as said:
        return subprocess.Popen(command, stdout=said, stderr=said)  # noqa: S603


def _make_user(folder: Path, name: str, keys: Keys, caps: str = "") -> None:
    words = ["user", "create", "--uid", name, "--display-name", name, "--access-key", keys.access]
    _run(folder, "radosgw-admin", *words, "--secret-key", keys.secret, *(["--caps", caps] if caps else []))


def _wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + PATIENCE
    while process.poll() is None and time.monotonic() < until:
        with socket.socket() as caller:
            if caller.connect_ex((HOST, port)) == 0:
                return
        time.sleep(0.02)
    message = f"the gateway does not come up; it ended with {process.poll()}"
    raise RuntimeError(message)


def _free_ports(count: int) -> list[int]:
    holders = [socket.create_server((HOST, 0)) for _ in range(count)]
    ports = [holder.getsockname()[1] for holder in holders]
    for holder in holders:
        holder.close()
    return ports


def _write_certificate(folder: Path) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, HOST)])
    now = datetime.now(UTC)
    made = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    made = made.not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=1))
    made = made.add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address(HOST))]), critical=False)
    text = made.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
    (folder / "certificate.pem").write_bytes(text)
    form = serialization.PrivateFormat.PKCS8
    secret = key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption())
    (folder / "both.pem").write_bytes(secret + text)
