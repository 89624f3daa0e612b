"""The IAM documents of config/aws/policies, filled in; and what is left of one when a right is taken away."""

import json
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from string import Template
from typing import Any

POLICIES = Path(__file__).parents[2] / "config" / "aws" / "policies"

Document = dict[str, Any]


def rendered(name: str, **values: str) -> Document:
    """Return a document with its placeholders filled; one that is not given is a KeyError."""
    return json.loads(Template((POLICIES / f"{name}.json").read_text("utf-8")).substitute(values))


def text_of(document: Document) -> str:
    """Return JSON without spaces, which Ceph 16 does not read in a form that is posted."""
    return json.dumps(document, separators=(",", ":"))


def lessened(document: Document) -> Iterator[tuple[str, str, Document]]:
    """Yield an action, a place, and the document without that action on that place, for every one of them.

    A place is a resource, or the one prefix where a condition limits the action to some. So taken apart, every
    action of every statement is needed whole.
    """
    rights = [right for statement in document["Statement"] for right in _taken_apart(statement)]
    for place, (action, where, _) in enumerate(rights):
        left = [statement for other, (_, _, statement) in enumerate(rights) if other != place]
        yield action, where, document | {"Statement": left}


def _taken_apart(statement: Document) -> Iterator[tuple[str, str, Document]]:
    for action, resource in product(statement["Action"], statement["Resource"]):
        one = statement | {"Action": [action], "Resource": [resource]}
        del one["Sid"]
        if "Condition" not in one:
            yield action, resource.partition("/")[2], one
            continue
        ((operator, ((key, values),)),) = ((name, tuple(keys.items())) for name, keys in one["Condition"].items())
        for value in values:
            yield action, value, one | {"Condition": {operator: {key: [value]}}}
