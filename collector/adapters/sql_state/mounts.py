"""Mounts: refuse a SQLite file on a network file system, where its locks do not hold."""

from pathlib import Path

from collector.core.errors import ConfigError

PROC_MOUNTS = Path("/proc/mounts")

_NETWORK = {
    *("9p", "afs", "beegfs", "ceph", "cifs", "davfs", "efs", "glusterfs", "gpfs", "lustre", "ncpfs", "nfs", "nfs4"),
    *("ocfs2", "orangefs", "smb", "smb2", "smb3", "smbfs"),
    *("fuse.blobfuse2", "fuse.ceph", "fuse.gcsfuse", "fuse.glusterfs", "fuse.mount-s3", "fuse.rclone", "fuse.s3fs"),
    *("fuse.davfs", "fuse.goofys", "fuse.sshfs"),
}


def refuse_network_folder(folder: Path, mounts: Path = PROC_MOUNTS) -> None:
    """Raise `ConfigError` when a folder lies on a network file system; `mounts` has the format of /proc/mounts.

    Where there is no such file (not Linux) nothing is known and nothing refused.
    """
    kind = _file_system(folder.resolve(), mounts.read_text() if mounts.exists() else "")
    if kind in _NETWORK:
        message = f"state folder {folder.resolve()} is on a network file system ({kind}), where SQLite loses writes"
        raise ConfigError(message, hint="put the SQLite file on a local disk, or use postgresql+psycopg://")


def _file_system(folder: Path, mounts: str) -> str:
    kind, longest = "", -1
    for line in mounts.splitlines():
        _, point, mounted = line.split(" ")[:3]
        mount = Path(_unescaped(point))
        # A later mount on the same folder hides the earlier one.
        if folder.is_relative_to(mount) and len(mount.parts) >= longest:
            kind, longest = mounted, len(mount.parts)
    return kind


def _unescaped(point: str) -> str:
    for escape, character in (("\\040", " "), ("\\011", "\t"), ("\\012", "\n"), ("\\134", "\\")):
        point = point.replace(escape, character)
    return point
