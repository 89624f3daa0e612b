"""Where people query it: the table in Glue, and Athena's workgroup."""

import re
from datetime import date

import pytest
from deployed import AWAY, HOME, KEY
from terraform import MODULE

from collector.adapters.dialects.athena import athena_table
from collector.adapters.dialects.place import Copy
from collector.core.columns import COLUMNS

pytestmark = [
    pytest.mark.xdist_group("terraform"),
    pytest.mark.timeout(600),
    pytest.mark.usefixtures("deployments"),
]

PLACES = [(HOME, "tweets", "s3://tweets-of-mine/collector"), (AWAY, "other_tweets", "s3://other-tweets/x/tweets")]


@pytest.fixture(params=PLACES, ids=["by_default", "chosen"])
def table(request, aws):
    region, database, output = request.param
    return aws("glue", region).get_table(DatabaseName=database, Name="tweets_csv")["Table"], output


def properties(text):
    """Return the properties of a statement, with Hive's escapes undone."""
    return {name: value.replace("\\u0000", "\0") for name, value in re.findall(r"'([\w.]+)' = '([^']*)'", text)}


def test_the_table_is_the_one_that_collector_sql_prints(table):
    made, output = table
    text = athena_table(Copy.at(output), "tweets", date(2006, 3, 21))
    serde, _, rest = text.partition("STORED AS TEXTFILE")
    storage = made["StorageDescriptor"]
    assert storage["SerdeInfo"]["Parameters"] == properties(serde)
    assert storage["SerdeInfo"]["SerializationLibrary"] in serde
    assert [f"`{one['Name']}` {one['Type']}" for one in made["PartitionKeys"]] == ["`dt` string", "`hour` int"]
    assert f"LOCATION '{storage['Location']}'" in rest
    wanted = properties(rest)
    assert {name: made["Parameters"].get(name) for name in wanted} == wanted


def test_the_table_has_every_column_as_text(table):
    made, _ = table
    told = [(one["Name"], one["Type"]) for one in made["StorageDescriptor"]["Columns"]]
    assert told == [(column.name, "string") for column in COLUMNS]


@pytest.mark.parametrize(
    ("region", "name", "bucket"), [(HOME, "tweets", "tweets-of-mine"), (AWAY, "other-tweets", "other-tweets")]
)
def test_queries_are_bounded_and_their_results_encrypted_apart_from_the_tweets(aws, region, name, bucket):
    told = aws("athena", region).get_work_group(WorkGroup=name)["WorkGroup"]["Configuration"]
    assert told["EnforceWorkGroupConfiguration"]
    assert told["BytesScannedCutoffPerQuery"] == 100 * 10**9
    results = told["ResultConfiguration"]
    assert results["OutputLocation"] == f"s3://{bucket}/athena/"
    chosen = {"EncryptionOption": "SSE_KMS", "KmsKey": KEY} if region == AWAY else {"EncryptionOption": "SSE_S3"}
    assert results["EncryptionConfiguration"] == chosen


def test_one_command_makes_the_typed_view(aws, by_default):
    command = by_default.outputs()["make_view"]
    (query,) = re.findall(r"--named-query-id (\S+)", command)
    told = aws("athena").get_named_query(NamedQueryId=query)["NamedQuery"]
    assert f"{told['QueryString']};" == (MODULE / "athena.sql").read_text("utf-8").strip()
    assert (told["WorkGroup"], told["Database"]) == ("tweets", "tweets")
