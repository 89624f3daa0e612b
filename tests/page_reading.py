"""Reads the operator's page as a person does: tables by caption, figures by name."""

from html.parser import HTMLParser

VOID = {"meta", "link", "input", "br"}


class Reading(HTMLParser):
    """What one page says; elements are kept as (path, attributes, text)."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.html = html
        self._open = []
        self._all = []
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        element = {"tag": tag, "attributes": dict(attrs), "text": "", "inside": tuple(self._open)}
        self._all.append(element)
        if tag not in VOID:
            self._open.append(element)
        elif tag == "br":
            self.handle_data(" ")

    def handle_endtag(self, tag):
        while self._open and self._open.pop()["tag"] != tag:
            pass

    def handle_data(self, text):
        for element in self._open:
            element["text"] += text

    def all(self, tag, inside=None, **attributes):
        """Return the elements of a tag, within another element, with attributes."""
        return [
            one
            for one in self._all
            if one["tag"] == tag
            and (inside is None or any(outer is inside for outer in one["inside"]))
            and all(
                one["attributes"].get(name.rstrip("_").replace("_", "-")) == value for name, value in attributes.items()
            )
        ]

    def rows(self, table):
        """Return the rows of a table by class, as texts by column."""
        (found,) = self.all("table", class_=table)
        lines = [
            [words(cell) for cell in self._all if cell["tag"] in {"td", "th"} and cell["inside"][-1:] == (row,)]
            for row in self.all("tr", inside=found)
        ]
        head, *body = lines
        names = [name.rstrip(" ↑↓↕") for name in head]
        return [dict(zip(names, line, strict=True)) for line in body if len(line) == len(names)]

    def usernames(self):
        return [words(one) for one in self.all("span", class_="username") if self._is_head(one)]

    def figures(self):
        """Return the tiles: (figure, note) by name."""
        return {
            words(name): tuple(words(one) for one in self.all("dd", inside=tile))
            for tile in self._tiles()
            for name in self.all("dt", inside=tile)
        }

    def links(self):
        return {words(one): one["attributes"]["href"] for one in self.all("a")}

    def _tiles(self):
        return [one for one in self.all("div") if (one["attributes"].get("class") or "").startswith("tile")]

    @staticmethod
    def _is_head(element):
        return any(outer["tag"] == "th" for outer in element["inside"])


def words(element):
    return " ".join(element["text"].split())
