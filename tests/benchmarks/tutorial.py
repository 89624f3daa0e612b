"""The usual way, as the well-known tutorial has it: tweepy's Paginator, a list of dicts, a DataFrame, one CSV, one put.

Takes account ids as arguments and the sandbox from the environment; prints how many rows it wrote.
"""

import os
import sys
from datetime import UTC, datetime, timedelta

import boto3
import pandas as pd
import requests
import tweepy

FIELDS = ["created_at", "author_id", "lang", "public_metrics", "entities", "referenced_tweets"]


class Redirected(requests.adapters.HTTPAdapter):
    """Sends what is meant for X to the sandbox: tweepy knows no other host."""

    def send(self, request, **options):
        request.url = os.environ["COLLECTOR_X_BASE_URL"] + request.url.partition("twitter.com")[2]
        return super().send(request, **options)


def main(ids: list[str]) -> None:
    """Collect the tweets of four days into one object."""
    client = tweepy.Client(os.environ["COLLECTOR_X_BEARER_TOKEN"])
    client.session.mount("https://", Redirected())
    start = (datetime.now(UTC) - timedelta(days=4)).strftime("%Y-%m-%dT%H:%M:%SZ")
    rows = []
    for account_id in ids:
        pages = tweepy.Paginator(
            client.get_users_tweets, account_id, max_results=100, start_time=start, tweet_fields=FIELDS
        )
        rows.extend(row(tweet) for tweet in pages.flatten())
    body = pd.DataFrame(rows).to_csv(index=False).encode()
    boto3.client("s3").put_object(Bucket="sandbox", Key=f"tutorial-{os.getpid()}.csv", Body=body)
    print(len(rows))


def row(tweet: tweepy.Tweet) -> dict:
    """Return what the tutorial keeps of a tweet; a text that is no UTF-8 would end it."""
    return {
        "id": tweet.id,
        "author": tweet.author_id,
        "created_at": tweet.created_at,
        "text": tweet.text.encode("utf-8", "replace").decode(),
        "likes": tweet.public_metrics["like_count"],
        "retweets": tweet.public_metrics["retweet_count"],
    }


if __name__ == "__main__":
    main(sys.argv[1:])
