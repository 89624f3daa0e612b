"""Account lists: a CSV file of accounts, with or without a header."""

import csv
import io
from collections.abc import Iterator

_HEADERS = ("account", "username", "account_id", "id", "user", "handle", "screen_name")


def accounts_in_csv(text: str) -> Iterator[tuple[int, str]]:
    """Yield line number and account as written, from CSV text.

    The column is the one whose header is account, username, account_id, id, user, handle or screen_name; without such
    a header it is the first. Blank lines, and lines that start with `#`, are passed over.
    """
    rows = csv.reader(io.StringIO(text.removeprefix("\ufeff")))
    column, is_first = 0, True
    for row in rows:
        if not any(cell.strip() for cell in row) or row[0].lstrip().startswith("#"):
            continue
        names = [cell.strip().lower() for cell in row]
        found = next((names.index(header) for header in _HEADERS if header in names), None) if is_first else None
        is_first = False
        if found is not None:
            column = found
        elif column < len(row):
            yield rows.line_num, row[column].strip()
