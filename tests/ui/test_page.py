"""The page: what it says is what the state holds, and what the command line says."""

from datetime import timedelta
from decimal import Decimal

import pytest
from collection import failure
from page_reading import Reading
from starlette.applications import Starlette
from starlette.routing import Mount
from starlette.testclient import TestClient

from collector.cli.render import cursor_json, duration_text, gap_json, status_json
from collector.core.money import Budget
from collector.core.times import parse_time
from collector.flow import views
from collector.flow.overview import PAGE_SIZE
from collector.ui.app import page_app

HOSTILE = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>{{ 7*7 }}"


@pytest.fixture
def filled(collection):
    nasa = collection.follow("nasa", 12, gaps=[(9, 8), (5, 4.5)])
    esa = collection.follow("esa", 7, until=24)
    collection.follow("jaxa", 2**62, unproven=[(20, 18)])
    collection.follow("quiet", 900, status="paused", until=12)
    collection.follow("locked", 901, status="protected")
    collection.collect(15, tweets_read=1000, rows=990, objects=9, requests=20, accounts=4)
    faults = [failure(nasa, "rate_limited", "429 until 12:15"), failure(esa, "outage", "503 five times")]
    collection.collect(1, failures=faults, tweets_read=40, rows=39, objects=2, requests=7, accounts=4)
    collection.collect(0, status="sealed")
    collection.spend(13, 1000)
    collection.spend(0, 30, reserved=10, users=2)
    return collection


@pytest.mark.usefixtures("filled")
def test_accounts_are_told_as_cursors_are_on_the_command_line(read, state, clock):
    documents = [cursor_json(row) for row in views.cursors(state=state, clock=clock)]
    rows = read().rows("accounts")
    assert len(rows) == len(documents) == 5
    for row, document in zip(rows, documents, strict=True):
        assert row["Account"] == document["username"] + document["account_id"]
        assert row["Status"] == document["status"]
        assert row["since_id"] == (document["since_id"] or "–")
        assert row["Gaps"] == str(document["gaps"])
        assert row["Lag"] == duration_text(timedelta(seconds=document["lag_seconds"]))
        told = row["Watermark"]
        assert told == (
            f"{parse_time(document['since_at']):%Y-%m-%d %H:%M:%S}" if document["since_at"] else "not collected yet"
        )


@pytest.mark.usefixtures("filled")
def test_figures_are_told_as_status_is_on_the_command_line(read, state, clock):
    document = status_json(views.status(state=state, clock=clock))
    figures = read().figures()
    assert figures["Complete until"][0] == f"{parse_time(document['watermark']):%Y-%m-%d %H:%M:%S}"
    assert duration_text(timedelta(seconds=document["lag_seconds"])) in figures["Complete until"][1]
    assert figures["Accounts"] == ("5", "3 active, 1 paused, 1 protected")
    assert figures["Gaps"] == (str(document["gaps"]), "in 3 accounts")
    assert figures["Newest batch"][1] == f"sealed, {document['open_batches']} open {document['rows']:,} rows in all"


@pytest.mark.usefixtures("filled")
def test_a_gap_tells_its_reason_in_text_and_in_the_legend(read, state):
    reading = read()
    documents = [gap_json(gap) for gap in views.gaps(state=state)]
    lines = [
        " ".join(one["text"].split())
        for lists in reading.all("ul", class_="gaps")
        for one in reading.all("li", inside=lists)
    ]
    assert len(lines) == len(documents) == 4
    for document in documents:
        start, end = (f"{parse_time(document[name]):%Y-%m-%d %H:%M:%S}" for name in ("start", "end"))
        assert any(line.startswith(f"{document['reason']} {start} to {end}") for line in lines)
    (legend,) = reading.all("ul", class_="legend")
    told = {one["text"].strip() for one in reading.all("li", inside=legend)}
    assert told == {"coverage"} | {document["reason"] for document in documents}
    bars = [one["text"] for one in reading.all("title") if one["inside"][-1]["tag"] == "g"]
    assert [bar.partition(":")[0] for bar in bars] == [document["reason"] for document in documents]


@pytest.mark.usefixtures("filled")
def test_batches_are_told_newest_first_with_cost_duration_and_failures(read):
    reading = read()
    newest, failed, first = reading.rows("batches")
    assert newest["Status"] == "sealed"
    assert newest["Duration"] == "open"
    assert failed | {"Rows": "39", "Objects": "2", "Requests": "7", "Cost": "$0.20", "Kind": "live"} == failed
    assert failed["Window"] == "2026-11-22 10:55:00 to 11:00:00"
    assert failed["Created"] == "2026-11-22 11:00:01"
    assert failed["Duration"] == "5s"
    assert first["Cost"] == "$5.00"
    (told,) = [one for one in reading.all("details") if one["attributes"]["data-key"].startswith("failures-")]
    assert " ".join(told["text"].split()) == (
        "2 failures: 1 rate_limited, 1 outage rate_limited nasa 429 until 12:15 outage esa 503 five times"
    )


@pytest.mark.usefixtures("filled")
def test_cost_is_told_by_utc_day_and_month(read, clock):
    assert read().figures()["Cost today"] == ("$0.22 at most", "40 tweets, 2 users no budget set")
    assert read().figures()["Cost this month"] == ("$5.22 at most", "1,040 tweets, 2 users no budget set")
    clock.advance(timedelta(hours=12))
    assert read().figures()["Cost today"][1] == "10 tweets, 0 users no budget set", "it may have been open at midnight"
    clock.advance(timedelta(days=1))
    assert read().figures()["Cost today"][0] == "$0.00 at most"
    clock.advance(timedelta(days=8))
    assert read().figures()["Cost this month"][0] == "$0.00 at most"


@pytest.mark.usefixtures("filled")
def test_cost_is_told_against_a_budget_when_there_is_one(state, clock):
    budget = Budget(tweets_per_day=100, usd_per_month=Decimal(4))
    figures = Reading(TestClient(page_app(lambda: state, clock, budget=lambda: budget)).get("/").text).figures()
    assert figures["Cost today"][1] == "40 tweets, 2 users 40% of 100 tweets"
    assert figures["Cost this month"][1] == "1,040 tweets, 2 users 130% of $4.00"


@pytest.mark.usefixtures("filled")
def test_accounts_are_filtered_by_part_of_a_username_status_and_gaps(read):
    assert read("/?username=A").usernames() == ["esa", "jaxa", "nasa"]
    assert read("/?username=%40nasa").usernames() == ["nasa"]
    assert read("/?status=paused").usernames() == ["quiet"]
    assert read("/?gaps=only&username=a&status=active").usernames() == ["esa", "jaxa", "nasa"]
    assert read("/?gaps=only").usernames() == ["esa", "jaxa", "nasa"]
    assert "No account fits the filter" in read("/?username=nobody").html


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("/?sort=username", ["esa", "jaxa", "locked", "nasa", "quiet"]),
        ("/?sort=username&order=desc", ["quiet", "nasa", "locked", "jaxa", "esa"]),
        ("/?sort=gaps", ["nasa", "esa", "jaxa", "locked", "quiet"]),
        ("/?sort=gaps&order=asc", ["locked", "quiet", "esa", "jaxa", "nasa"]),
        ("/?sort=lag", ["esa", "jaxa", "quiet", "nasa", "locked"]),
        ("/?sort=status", ["esa", "jaxa", "nasa", "quiet", "locked"]),
    ],
)
@pytest.mark.usefixtures("filled")
def test_accounts_are_sorted(address, expected, read):
    reading = read(address)
    assert reading.usernames() == expected
    (sorted_by,) = [one for one in reading.all("th") if "aria-sort" in one["attributes"]]
    order = "descending" if address in {"/?sort=gaps", "/?sort=lag"} or "desc" in address else "ascending"
    assert sorted_by["attributes"]["aria-sort"] == order


@pytest.mark.usefixtures("filled")
def test_a_link_of_a_column_sorts_by_it_and_then_the_other_way_round(read):
    link = read("/?username=a").links()["Gaps↕"]
    assert read(f"/{link}").usernames() == ["nasa", "esa", "jaxa"]
    link = read(f"/{link}").links()["Gaps↓"]
    assert read(f"/{link}").usernames() == ["esa", "jaxa", "nasa"]


@pytest.mark.usefixtures("filled")
def test_what_an_address_cannot_mean_is_left_out(read):
    reading = read("/?status=sleeping&sort=size&order=up&page=-3&axis=5m&gaps=2&other=1")
    assert reading.usernames() == ["esa", "jaxa", "locked", "nasa", "quiet"]


def test_accounts_are_paged(collection, read):
    with collection.at_once():
        for number in range(2 * PAGE_SIZE + 3):
            collection.follow(f"user{number:03}", 1000 + number)
    first, last = read("/?sort=username&order=desc"), read("/?sort=username&order=desc&page=3")
    assert len(first.usernames()) == PAGE_SIZE
    assert first.usernames()[0] == "user102"
    assert last.usernames() == ["user002", "user001", "user000"]
    assert "101–103 of 103 accounts" in last.html
    assert read(f"/{first.links()['Next']}").usernames()[0] == "user052"
    assert read("/?page=999999").usernames() == ["user100", "user101", "user102"]


def test_a_hostile_username_is_text_everywhere(collection, read):
    made = collection.follow(HOSTILE, 5, gaps=[(3, 2)])
    collection.collect(0, failures=[failure(made, "outage", HOSTILE)])
    for address in ("/", "/part", "/?username=%3Cscript%3E"):
        html = read(address).html
        assert "alert(1)" in html
        assert "<script>alert" not in html
        assert "<img" not in html
        assert "49" not in html
    assert read().usernames() == [HOSTILE]


@pytest.mark.usefixtures("filled")
def test_a_filter_is_shown_again_as_text(read):
    reading = read('/?username="><script>')
    (field,) = reading.all("input", name="username")
    assert field["attributes"]["value"] == '"><script>'


def test_without_accounts_it_says_what_to_type(read):
    reading = read()
    assert "collector accounts add nasa" in reading.html
    assert "collector collect" in reading.html
    assert reading.figures()["Complete until"][0] == "–"
    assert reading.all("table") == []


@pytest.mark.usefixtures("filled")
def test_the_changing_part_is_what_the_page_shows(read):
    whole, part = read("/?gaps=only"), read("/part?gaps=only")
    ids = {one["attributes"]["id"] for one in part.all("div") + part.all("span") if "data-part" in one["attributes"]}
    assert ids == {"read-at", "summary", "accounts", "batches"}
    assert part.rows("accounts") == whole.rows("accounts")
    assert part.rows("batches") == whole.rows("batches")


@pytest.mark.usefixtures("filled")
def test_under_a_root_path_every_link_stays_below_it(state, clock):
    outer = Starlette(routes=[Mount("/deep/collector", app=page_app(lambda: state, clock))])
    client = TestClient(outer)
    reading = Reading(client.get("/deep/collector/").raise_for_status().text)
    addresses = [
        one["attributes"].get("href") or one["attributes"].get("src") or one["attributes"].get("action")
        for tag in ("a", "link", "script", "form")
        for one in reading.all(tag)
    ]
    assert len(addresses) > 15
    for address in addresses:
        assert not address.startswith(("/", "http"))
        if not address.startswith("#"):
            assert client.get(f"/deep/collector/{address.removeprefix('./')}").status_code == 200, address


@pytest.mark.usefixtures("filled")
def test_tables_have_captions_headers_and_landmarks(read):
    reading = read()
    assert len(reading.all("table")) == len(reading.all("caption")) == 2
    assert {one["attributes"]["scope"] for one in reading.all("th")} == {"col", "row"}
    for landmark in ("header", "main", "nav", "footer"):
        assert reading.all(landmark)
    assert reading.all("html", lang="en")
