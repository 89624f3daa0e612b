"""Reads published tweets back: CSV objects in, one DataFrame with exact types and the original text out."""

import errno
import gzip
import json
import re
import zlib
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from csv import reader
from fnmatch import fnmatchcase
from glob import glob, has_magic
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv

from collector.core.columns import COLUMNS, ESCAPES, ColumnKind
from collector.core.table import ARROW_TYPES

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

LIST_TYPES = {ColumnKind.LIST: pa.list_(pa.string()), ColumnKind.ID_LIST: pa.list_(pa.int64())}

_ENDINGS = (".csv", ".csv.gz")
_GZIP_MAGIC = b"\x1f\x8b"
_CONNECTIONS = 8
_ABSENT_KEYS = {"NoSuchKey", "NoSuchBucket", "404"}
_ORIGINALS = {escape: character for character, escape in ESCAPES.items()}
_ESCAPE = re.compile(r"\\[\\nr0]")
_TYPES = {column.name: ARROW_TYPES[column.kind] for column in COLUMNS}
_EMPTY = pa.schema(
    {column.name: LIST_TYPES.get(column.kind, ARROW_TYPES[column.kind]) for column in COLUMNS}
).empty_table()

Place = str | PathLike[str]


def read_tweets(where: Place | Iterable[Place]) -> pd.DataFrame:
    """Return the tweets of an object, a folder, a glob or an `s3://` or `file://` URL, or of a list of these.

    A folder (or an S3 prefix) means all `.csv` and `.csv.gz` below its `tweets/`, or below itself where it has none.
    The frame has the columns of the CSV contract in order, rows in the order of the objects' names, and Arrow types
    that can be missing: ids and counts int64, times UTC, flags bool, lists as lists (`edit_history_ids` of int64),
    text as X gave it. Columns that the contract does not know follow as text.

    Raises:
        FileNotFoundError: nothing is at a place (the message names it); a folder without tweets is merely empty.
        ValueError: an object is no CSV of this contract (the message names it).
    """
    places = [where] if isinstance(where, str | PathLike) else where
    tables = [_table(name, body) for place in places for name, body in _bodies(str(place))]
    frame: pd.DataFrame = pa.concat_tables([_EMPTY, *tables], promote_options="default").to_pandas(
        types_mapper=pd.ArrowDtype
    )
    return frame


def _bodies(place: str) -> Iterator[tuple[str, bytes]]:
    if place.startswith("s3://"):
        return _s3_bodies(place)
    path = unquote(urlsplit(place).path) if place.startswith("file://") else place
    return ((str(file), file.read_bytes()) for file in _files(path))


def _files(path: str) -> list[Path]:
    found = Path(path)
    if found.is_dir():
        below = found / "tweets" if (found / "tweets").is_dir() else found
        return sorted(file for file in below.rglob("*") if file.name.endswith(_ENDINGS) and file.is_file())
    if found.is_file():
        return [found]
    matches = glob(path, recursive=True) if has_magic(path) else []  # noqa: PTH207 - Path.glob takes no absolute pattern
    if not matches:
        raise _nothing_at(path)
    return sorted({file for match in matches for file in _files(match)})


def _s3_bodies(url: str) -> Iterator[tuple[str, bytes]]:
    import boto3  # noqa: PLC0415 - only those who read from S3 pay for it
    from botocore.exceptions import ClientError  # noqa: PLC0415

    bucket, _, path = url.removeprefix("s3://").partition("/")
    path = re.sub("/+", "/", path).lstrip("/")  # as the collector writes below an output
    client = boto3.client("s3")
    try:
        keys = _keys(client, bucket, path)
        wanted = [key for key in keys if key.endswith(_ENDINGS)]
        with ThreadPoolExecutor(_CONNECTIONS) as pool:
            bodies = pool.map(lambda key: client.get_object(Bucket=bucket, Key=key)["Body"].read(), wanted)
            yield from zip((f"s3://{bucket}/{key}" for key in wanted), bodies, strict=True)
    except ClientError as cause:
        if cause.response["Error"]["Code"] in _ABSENT_KEYS:
            raise _nothing_at(url) from cause
        raise
    if not keys:
        raise _nothing_at(url)


def _keys(client: "S3Client", bucket: str, path: str) -> list[str]:
    if path.endswith(_ENDINGS) and not has_magic(path):
        return [path]
    if has_magic(path):
        before = path[: min(path.find(sign) for sign in "*?[" if sign in path)]
        return [key for key in _listed(client, bucket, before) if fnmatchcase(key, path)]
    folder = path.rstrip("/") + "/" if path else ""
    return _listed(client, bucket, f"{folder}tweets/") or _listed(client, bucket, folder)


def _listed(client: "S3Client", bucket: str, prefix: str) -> list[str]:
    pages = client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
    return [entry["Key"] for page in pages for entry in page.get("Contents", ())]


def _nothing_at(place: str) -> FileNotFoundError:
    return FileNotFoundError(errno.ENOENT, "nothing to read", place)


def _table(name: str, body: bytes) -> pa.Table:
    try:
        return _read(gzip.decompress(body) if body.startswith(_GZIP_MAGIC) else body)
    except (ValueError, OSError, EOFError, zlib.error) as cause:
        message = f"{name} is no CSV of tweets: {cause}"
        raise ValueError(message) from cause


def _read(body: bytes) -> pa.Table:
    if not body:
        return _EMPTY
    header = next(reader([body[: body.find(b"\n") + 1 or None].decode("utf-8-sig")]))
    if "tweet_id" not in header:
        message = "no column tweet_id"
        raise ValueError(message)
    names = [*_TYPES, *(name for name in header if name not in _TYPES)]
    converting = csv.ConvertOptions(
        include_columns=names,
        include_missing_columns=True,
        column_types={name: _TYPES.get(name, pa.string()) for name in names},
        null_values=[""],
        strings_can_be_null=True,
        quoted_strings_can_be_null=False,
    )
    # A block smaller than a record would be refused.
    whole = csv.ReadOptions(block_size=min(len(body) + 1, 2**31 - 1))
    parsing = csv.ParseOptions(newlines_in_values=True)
    return _original(csv.read_csv(pa.BufferReader(body), whole, parsing, converting))


def _original(table: pa.Table) -> pa.Table:
    for at, column in enumerate(COLUMNS):
        cells = table[column.name].combine_chunks()
        if column.kind is ColumnKind.TEXT:
            table = table.set_column(at, column.name, _unescaped(cells))
        if column.kind in LIST_TYPES:
            table = table.set_column(at, column.name, _lists(cells).cast(LIST_TYPES[column.kind]))
    return table


def _unescaped(cells: pa.Array) -> pa.Array:
    has_escape = pc.fill_null(pc.match_substring(cells, "\\"), fill_value=False)
    texts = cells.filter(has_escape).to_pylist()
    originals = [_ESCAPE.sub(lambda escape: _ORIGINALS[escape[0]], text) for text in texts]
    return pc.replace_with_mask(cells, has_escape, pa.array(originals, pa.string()))


def _lists(cells: pa.Array) -> pa.Array:
    found: list[Any] = json.loads(f"[{','.join(pc.fill_null(cells, 'null').to_pylist())}]")
    return pa.array(found, pa.list_(pa.string()))
