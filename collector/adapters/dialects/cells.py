"""What every dialect says alike: lists of columns, quoted texts, and escapes undone."""

from collections.abc import Callable, Iterable, Mapping

from collector.core.columns import COLUMNS, ESCAPES, ColumnKind

Literal = Callable[[str], str]
"""Writes a text as a literal of a dialect."""

PARTITIONS = ("dt", "hour")


def quoted(text: str) -> str:
    """Return a literal of standard SQL, in which a backslash is a backslash."""
    return "'" + text.replace("'", "''") + "'"


def unescaped(cell: str, *, literal: Literal = quoted, nul: str = "chr(0)") -> str:
    r"""Return an expression for the original text of a cell of kind text.

    Exact, because every backslash of a cell begins one of the escapes: once `\\` is `\s`, no backslash follows another,
    so the others are found where they are and nowhere else, and `\s` comes last.
    """
    backslash, *others = ESCAPES
    steps = [(literal(ESCAPES[backslash]), literal(r"\s"))]
    steps += [(literal(ESCAPES[one]), nul if one == "\0" else f"chr({ord(one)})") for one in others]
    steps += [(literal(r"\s"), literal(backslash))]
    for written, original in steps:
        cell = f"replace({cell}, {written}, {original})"
    return cell


def lines(items: Iterable[str]) -> str:
    """Return items as an indented list, one a line."""
    return ",\n".join(f"  {item}" for item in items)


def typed(types: Mapping[ColumnKind, str]) -> list[str]:
    """Return each column with its type."""
    return [f"{column.name} {types[column.kind]}" for column in COLUMNS]


def selected(expressions: Mapping[ColumnKind, str]) -> list[str]:
    """Return what a view selects: each column, or what an expression with `{}` in its place makes of it."""
    return [_selected(column.name, expressions.get(column.kind, "{}")) for column in COLUMNS]


def _selected(name: str, expression: str) -> str:
    return name if expression == "{}" else f"{expression.replace('{}', name)} AS {name}"
