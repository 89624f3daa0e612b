"""sandbox: what `expansions` adds to an answer of made-up tweets."""

from collections.abc import Iterable

from collector.sandbox.accounts import Account, Status
from collector.sandbox.problems import not_authorized, not_found
from collector.sandbox.shapes import encode
from collector.sandbox.source import Extras, Json, Source, Wants

_REFERENCES = ("referenced_tweets.id", "referenced_posts.id")
_REFERENCE_AUTHORS = ("referenced_tweets.id.author_id", "referenced_posts.id.author_id")


def expand(source: Source, tweet_ids: list[int], references: dict[int, int | None], wants: Wants) -> Extras:
    """Return users and tweets around the tweets of an answer; `references` is what each of them refers to."""
    extras = Extras(tweets_name=f"{wants.view.vocabulary}s")
    referred = [other for other in dict.fromkeys(references.values()) if other is not None]
    if wants.expansions & {*_REFERENCES, *_REFERENCE_AUTHORS}:
        _add_tweets(extras, source, referred, wants)
    people = {
        "author_id": tweet_ids,
        "in_reply_to_user_id": [other for own, other in references.items() if other and source.kind(own) == "reply"],
    } | dict.fromkeys(_REFERENCE_AUTHORS, extras.tweet_ids)
    for expansion, written_by in people.items():
        if expansion in wants.expansions:
            _add_users(extras, _authors(source, written_by), wants)
    return extras


def tweet_error(source: Source, tweet_id: int, parameter: str) -> Json | None:
    """Return why a tweet cannot be read, None when it can."""
    author = source.author_of(tweet_id)
    if author is None:
        return not_found("tweet", parameter, str(tweet_id))
    return None if author.status is Status.ACTIVE else not_authorized("tweet", parameter, str(tweet_id))


def _add_tweets(extras: Extras, source: Source, referred: list[int], wants: Wants) -> None:
    name = "referenced_posts.id" if wants.view.vocabulary == "post" else "referenced_tweets.id"
    errors = {tweet_id: tweet_error(source, tweet_id, name) for tweet_id in referred}
    extras.errors += [error for error in errors.values() if error]
    extras.tweet_ids += [tweet_id for tweet_id, error in errors.items() if not error]
    extras.tweets += source.written(extras.tweet_ids, wants.view)


def _add_users(extras: Extras, accounts: Iterable[Account], wants: Wants) -> None:
    for account in accounts:
        if account.account_id not in extras.user_ids:
            extras.user_ids.append(account.account_id)
            extras.users.append(encode(account.as_json(wants.user_fields)))


def _authors(source: Source, tweet_ids: Iterable[int]) -> Iterable[Account]:
    authors = (source.author_of(tweet_id) for tweet_id in tweet_ids)
    return (author for author in authors if author)
