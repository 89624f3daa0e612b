"""An example of what may follow a batch: DuckDB sums up the newest day that has new tweets, into a CSV of its own.

Scheduled on the asset `tweets_csv`, which every committed batch updates. Unpause it to use it, or copy it.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from airflow.sdk import DAG, Asset, task

QUERY = """
    select username,
           count(*) as tweets,
           count(*) filter (kind = 'original') as original,
           sum(like_count) as likes,
           min(created_at) as first_at,
           max(created_at) as last_at
    from read_csv('{files}', union_by_name = true)
    group by username
    order by tweets desc, username
"""


@task
def summarize(triggering_asset_events: Mapping[Asset, Sequence[Any]]) -> str:
    """Write `summaries/dt=.../<batch id>.csv` and return its key; the newest of a day is the whole of it."""
    from pathlib import Path
    from tempfile import TemporaryDirectory

    import duckdb
    from airflow.sdk.exceptions import AirflowSkipException

    from collector.airflow.connections import open_objects, task_settings
    from collector.flow.store import put_once

    batches = [event.extra for events in triggering_asset_events.values() for event in events]
    newest = max((one for one in batches if one["rows"]), key=lambda one: one["newest_partition"], default=None)
    if newest is None:
        message = "no new tweets"
        raise AirflowSkipException(message)
    day, _, _ = newest["newest_partition"].partition("/")
    objects = open_objects(task_settings())
    with TemporaryDirectory() as folder:
        for key in objects.keys(f"tweets/{day}/"):
            Path(folder, key.replace("/", "_")).write_bytes(objects.read(key))
        summary = Path(folder, "summary")
        duckdb.sql(QUERY.format(files=f"{folder}/*.csv*")).write_csv(str(summary))
        key = f"summaries/{day}/{newest['batch_id']}.csv"
        put_once(objects, key, summary.read_bytes())
    return key


with DAG(
    "daily_summary",
    schedule=[Asset("tweets_csv")],
    description="The newest day, account by account",
    tags=["collector"],
):
    summarize()
