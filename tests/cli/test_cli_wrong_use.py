"""What a person gets wrong: one line that names the thing, the value and the remedy, and exit code 2."""

import socket

import pytest

WINDOW = ("--window-start", "2026-01-02", "--window-end", "2026-01-01")


def assert_refused(ended, *words):
    assert ended.code == 2, ended
    assert ended.stdout == ""
    assert ended.complaint.startswith("collector: ")
    assert [word for word in words if word not in ended.complaint] == []


@pytest.mark.parametrize(
    ("name", "value", "remedy"),
    [
        ("COLLECTOR_OUTPTU", "file:///tmp/x", "did you mean COLLECTOR_OUTPUT?"),
        ("COLLECTOR_WHATEVER_ELSE", "x", "unset COLLECTOR_WHATEVER_ELSE"),
        ("COLLECTOR_OUTPUT", "ftp://host/x", "s3://bucket/prefix"),
        ("COLLECTOR_OUTPUT", "output", "file:///folder"),
        ("COLLECTOR_STATE_URL", "mysql://host/x", "postgresql+psycopg://"),
        ("COLLECTOR_STATE_URL", "sqlite:///", "sqlite:///FILE"),
        ("COLLECTOR_INITIAL_LOOKBACK", "a week", "7d"),
        ("COLLECTOR_SETTLE_SECONDS", "soon", "seconds"),
        ("COLLECTOR_SETTLE_SECONDS", "-1", "greater than or equal to 0"),
        ("COLLECTOR_CONCURRENCY", "0", "greater than or equal to 1"),
        ("COLLECTOR_SHARDS", "many", "1 to 100"),
        ("COLLECTOR_COMPRESSION", "zstd", "none or gzip"),
        ("COLLECTOR_CSV_NEWLINES", "maybe", "escape"),
        ("COLLECTOR_X_VOCABULARY", "toot", "tweet or post"),
        ("COLLECTOR_X_BASE_URL", "api.x.com", "where the X API answers"),
        ("COLLECTOR_MAX_USD_PER_MONTH", "0", "greater than 0"),
        ("COLLECTOR_MAX_TWEETS_PER_DAY", "-5", "greater than 0"),
        ("COLLECTOR_CONFIG", "/no/such/file.toml", "existing TOML file"),
    ],
)
def test_a_wrong_setting_is_one_line(name, value, remedy, collector):
    ended = collector("cursors", **{name: value})
    assert_refused(ended, name, remedy)
    if name in {"COLLECTOR_OUTPUT", "COLLECTOR_STATE_URL", "COLLECTOR_CONFIG", "COLLECTOR_COMPRESSION"}:
        assert value in ended.complaint


# F59
@pytest.mark.parametrize("url", ["postgres://me:hunter2@host/db", "mysql://me:hun/t@hunter2@host/db"])
def test_a_password_in_a_wrong_setting_is_not_repeated(url, collector):
    ended = collector("cursors", COLLECTOR_STATE_URL=url)
    assert_refused(ended, "COLLECTOR_STATE_URL", "***@host/db")
    assert "hunter2" not in ended.stderr


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("output = [1", ("bad.toml is not TOML",)),
        ('output = "\udcff"', ("bad.toml is not TOML",)),
        ('outptu = "file:///x"', ("'outptu' in ", "did you mean output?")),
        ('COLLECTOR_OUTPUT = "file:///x"', ("'COLLECTOR_OUTPUT' in ", "did you mean output?")),
        ('settle_seconds = "soon"', ("setting settle_seconds in ", "bad.toml", "'soon'")),
        ("initial_lookback = 7", ("initial_lookback",)),
    ],
)
def test_a_wrong_line_in_the_settings_file_is_named(text, words, collector):
    file = collector.folder / "bad.toml"
    file.write_bytes(text.encode("utf-8", "surrogateescape"))
    assert_refused(collector("cursors", COLLECTOR_CONFIG="bad.toml", COLLECTOR_SETTLE_SECONDS=None), *words)


def test_the_settings_file_below_the_working_folder_is_read(collector):
    folder = collector.folder / "config"
    folder.mkdir()
    (folder / "collector.toml").write_text('csv_newlines = "no"\n')
    assert_refused(collector("cursors"), "csv_newlines in config/collector.toml", "'no'")


def test_a_missing_token_is_told_with_the_way_out(collector):
    ended = collector("collect", COLLECTOR_X_BEARER_TOKEN=None)
    assert_refused(ended, "COLLECTOR_X_BEARER_TOKEN", "collector demo")


@pytest.mark.parametrize("missing", ["CONSUMER_KEY", "CONSUMER_SECRET", "ACCESS_TOKEN", "ACCESS_TOKEN_SECRET"])
def test_one_of_four_keys_missing_is_named(missing, collector, sandbox):
    keys = {f"COLLECTOR_X_{name}": getattr(sandbox.credentials, name.lower()) for name in FOUR_KEYS}
    ended = collector("collect", **keys | {f"COLLECTOR_X_{missing}": None, "COLLECTOR_X_BEARER_TOKEN": None})
    assert_refused(ended, f"COLLECTOR_X_{missing} is not set")


FOUR_KEYS = ("CONSUMER_KEY", "CONSUMER_SECRET", "ACCESS_TOKEN", "ACCESS_TOKEN_SECRET")


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("colect",), ("No such command", "colect")),
        (("--nope",), ("--nope", "see collector --help")),
        (("cursors", "--nope"), ("--nope", "see collector cursors --help")),
        (("fetch",), ("BATCH_ID",)),
        (("fetch", "yesterday"), ("'yesterday' is no batch id", "live-2026")),
        (("collect", "--window-start", "2026-01-01"), ("--window-start and --window-end go together",)),
        (("collect", "--window-start", "noon", "--window-end", "2026-01-01"), ("'noon'", "2026-11-22T06:15:00Z")),
        (("collect", *WINDOW), ("2026-01-02T00:00:00Z", "2026-01-01T00:00:00Z", "start before the end")),
        (("plan", *WINDOW), ("start before the end",)),
        (("backfill", "--from", "2026-01-02"), ("--to",)),
        (("backfill", "--from", "2026-01-02", "--to", "2026-01-01"), ("start before the end",)),
        (("backfill", "--from", "2999-01-02", "--to", "2999-01-03"), ("2999-01-02", "future")),
        (("run", "--every", "0s"), ("--every", "1s")),
        (("run", "--every", "99999999d"), ("--every", "365d")),
        (("run", "--every", "soon"), ("'soon'", "5m")),
        (("plan", "--shard", "3"), ("--shard 3", "COLLECTOR_SHARDS")),
        (("accounts", "add"), ("ACCOUNT",)),
        (("accounts", "import", "no-such.csv"), ("no-such.csv",)),
        (("batches", "--limit", "0"), ("--limit",)),
        (("batches", "--limit", "9" * 20), ("--limit",)),
        (("sandbox", "--replay", "no-such-folder"), ("no-such-folder",)),
    ],
)
def test_a_wrong_argument_is_one_line(words, told, collector):
    assert_refused(collector(*words), *told)


@pytest.mark.parametrize("words", [(), ("accounts",)])
def test_no_command_shows_the_help(words, collector):
    ended = collector(*words)
    assert ended.code == 2
    assert "Commands:" in ended.stderr


def test_a_file_of_no_accounts_or_of_no_text_is_named(collector):
    for name, body in {"empty.csv": b"account\n# nobody\n", "binary.csv": b"\xff\xfe\x00n"}.items():
        (collector.folder / name).write_bytes(body)
        assert_refused(collector("accounts", "import", name), name)


def test_a_state_that_cannot_be_is_named(collector):
    folder, text = collector.folder / "a-folder", collector.folder / "a-text"
    folder.mkdir()
    text.write_text("a shopping list, and no database at all " * 20)
    for place in (folder, text, text / "below.db", "/proc/nowhere/state.db"):
        ended = collector("cursors", COLLECTOR_STATE_URL=f"sqlite:///{place}")
        assert_refused(ended, str(place).removesuffix("/state.db").removesuffix("/below.db"), "COLLECTOR_STATE_URL")


def test_an_output_that_cannot_be_is_named(following):
    (following.folder / "a-text").write_text("no folder")
    for place in (following.folder / "a-text", "/proc/nowhere"):
        ended = following("collect", COLLECTOR_OUTPUT=f"file://{place}")
        assert ended.code == 2
        assert str(place) in ended.complaint


def test_a_bucket_that_does_not_exist_is_named(following, s3_bucket):
    where = {"AWS_ENDPOINT_URL_S3": s3_bucket.url, "AWS_DEFAULT_REGION": "us-east-1"}
    keys = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}
    ended = following("collect", COLLECTOR_OUTPUT="s3://no-such-bucket-here/x", **where, **keys)
    assert ended.code == 2
    assert "no-such-bucket-here" in ended.complaint
    assert "COLLECTOR_OUTPUT" in ended.complaint
    ended = following("collect", COLLECTOR_OUTPUT=f"s3://{s3_bucket.name}/x", **where)
    assert ended.code == 2
    assert "AWS_PROFILE" in ended.complaint


def test_a_port_that_is_taken_is_told(collector):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        ended = collector("sandbox", "--no-s3", "--port", str(taken.getsockname()[1]))
    assert_refused(ended, "port", "--port")


def test_a_replay_of_nothing_is_told(collector):
    folder = collector.folder / "recordings"
    folder.mkdir()
    assert_refused(collector("sandbox", "--no-s3", "--replay", str(folder)), "recordings", "no recorded timeline")
    (folder / "one.json").write_text("{")
    assert_refused(collector("sandbox", "--no-s3", "--replay", str(folder)), "recordings", "no recorded answer")


def test_a_demo_is_not_written_over_anything(collector):
    (collector.folder / "state.db").write_bytes(b"")
    assert_refused(collector("demo", "--folder", str(collector.folder)), "holds a demo already")
    assert_refused(collector("demo", "--folder", "/proc/nowhere"), "/proc/nowhere")
