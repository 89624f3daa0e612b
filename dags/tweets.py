"""The schedule: `collect_tweets`, a batch every quarter of an hour, and `backfill_tweets`, past days on request.

Both run the same steps; what differs is the length of a window. Collector is imported inside the tasks, but for its
settings and the pool's name: nothing heavy runs when Airflow reads this file.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from airflow.sdk import DAG, Asset, CronDataIntervalTimetable, Metadata, TriggerRule, task, task_group

from collector.airflow.pool import POOL
from collector.settings import read_settings

SETTINGS = read_settings()
SHARDS = list(range(SETTINGS.shards))
TWEETS_CSV = Asset("tweets_csv")
"""Updated by every committed batch, with its numbers; schedule what reads the tweets on it."""
DEFAULTS = {
    "retries": SETTINGS.retries,
    "retry_delay": SETTINGS.retry_delay,
    "retry_exponential_backoff": True,
    "max_retry_delay": timedelta(minutes=15),
    "map_index_template": "shard {{ shard }}",
}


@task(map_index_template=None)
def accounts() -> None:
    """Spread the accounts over the shards; notice renames that are due."""
    from collector.airflow import steps

    steps.accounts()


@task
def plan(shard: int, kind: str) -> str:
    """Reserve what the window wants and nobody holds."""
    from collector.airflow import steps

    return steps.plan(shard, kind)


@task(pool=POOL)
def fetch(batch_id: str) -> None:
    """Land X's pages, then seal the batch."""
    from collector.airflow import steps

    steps.fetch(batch_id)


@task(trigger_rule=TriggerRule.ALL_DONE_MIN_ONE_SUCCESS)
def publish(batch_id: str) -> None:
    """Write CSV objects, the manifest last."""
    from collector.airflow import steps

    steps.publish(batch_id)


@task(outlets=[TWEETS_CSV])
def commit(batch_id: str) -> Iterator[Metadata]:
    """Grow coverage, move cursors, and tell the numbers."""
    from collector.airflow import steps

    yield Metadata(TWEETS_CSV, extra=steps.commit(batch_id))


@task(retries=0)
def check(batch_id: str) -> None:
    """Fail, with a table, when an account could not be fetched in full; what arrived is committed already."""
    from collector.airflow import steps

    steps.check(batch_id)


@task_group(prefix_group_id=False)
def batch(shard: int, kind: str) -> None:
    """One batch: the window of the run, the accounts of one shard."""
    batch_id = plan(shard, kind)
    fetched = fetch(batch_id)
    published = publish(batch_id)
    fetched >> published >> commit(batch_id) >> check(batch_id)


@task.short_circuit(map_index_template=None)
def asked_for(dag_run: Any) -> bool:  # noqa: ANN401  Airflow's own
    """Go on only in a backfill or a manual run: a schedule must not spend money on the past."""
    return dag_run.run_type.value != "scheduled"


def windows(dag_id: str, cron: str, description: str) -> DAG:
    """Return a DAG whose runs stand for the windows that a cron expression cuts."""
    return DAG(
        dag_id,
        schedule=CronDataIntervalTimetable(cron, timezone="UTC"),
        start_date=datetime(2006, 3, 21, tzinfo=UTC),  # the first tweet
        catchup=False,
        max_active_runs=1,
        default_args=DEFAULTS,
        description=description,
        doc_md=__doc__,
        tags=["collector"],
    )


with windows("collect_tweets", SETTINGS.schedule, "New tweets of all followed accounts, window by window"):
    accounts() >> batch.partial(kind="live").expand(shard=SHARDS)

with windows("backfill_tweets", "@daily", "Past days, on request: airflow backfill create --dag-id backfill_tweets"):
    asked_for() >> accounts() >> batch.partial(kind="backfill").expand(shard=SHARDS)
