"""sandbox: synthetic tweet texts, among them those that break CSV writers."""

from dataclasses import dataclass

NUMBER = "\ue003"
"""Stands for the tweet's own number, so that few texts are equal."""

CUT_AT = 275


@dataclass(frozen=True, slots=True)
class Text:
    """A text as X writes it (`&`, `<` and `>` escaped), its language, and what it is made of."""

    body: str
    lang: str = "en"
    hashtags: tuple[str, ...] = ()
    urls: tuple[str, ...] = ()
    media: int = 0


_LONG = (
    f"Harbour log {NUMBER}. "
    + "The tide turned at noon and the ferry waited for nobody, which is how it should be. " * 9
)

PLAIN = (
    Text(f"Morning from the north pier, note {NUMBER}"),
    Text(f"Bread is out of the oven #bakery #sourdough batch {NUMBER}", hashtags=("bakery", "sourdough")),
    Text(f"Line one of the timetable\nLine two\n\nLine four, edition {NUMBER}"),
    Text(f"New map online https://t.co/a1b2c3d4e5 sheet {NUMBER}", urls=("https://maps.example/sheet",)),
    Text(f"Die Straßenbahn fährt wieder, Wagen {NUMBER}", "de", media=1),
    Text(f"橋の上から見た夕焼け #散歩 {NUMBER}", "ja", hashtags=("散歩",), media=2),
    Text(f"El faro sigue encendido, noche {NUMBER}", "es"),
    Text(f'They said "wait, what?", twice, on day {NUMBER}'),
    Text(f"Fish &amp; chips &lt;3 &gt; salad, order {NUMBER}"),
    Text(f"La ruche du toit a donné {NUMBER} pots de miel 🍯", "fr"),
)

HOSTILE = (
    Text(f"carriage\rreturn alone {NUMBER}"),
    Text(f"windows\r\nnewline {NUMBER}"),
    Text(f'"quoted" and ""doubled"", ends with a quote {NUMBER}"'),
    Text(f"comma,comma,,semicolon;tab\tpipe| {NUMBER}"),
    Text(f"nul\x00byte {NUMBER}", "und"),
    Text(f"lone surrogate \ud800 in the middle {NUMBER}", "und"),
    Text(f"مرحبا بالعالم \u200f\u202bright to left\u202c {NUMBER}", "ar"),
    Text(f"family 👨‍👩‍👧‍👦 flag 🏴󠁧󠁢󠁳󠁣󠁴󠁿 tone 👍🏽 keycap 1️⃣ {NUMBER}", "qme"),
    Text(f"line separator \u2028 paragraph separator \u2029 {NUMBER}", "und"),
    Text(f"next line \u0085 vertical \x0b form \x0c {NUMBER}", "und"),
    Text(f'=HYPERLINK("https://spread.example";"sheet {NUMBER}")', "und"),
    Text(f"+1 for tram {NUMBER}"),
    Text(f"-1 for rain on day {NUMBER}"),
    Text(f"@SUM(1,{NUMBER}) is not a mention", "und"),
    Text(f"\tstarts with a tab {NUMBER}"),
    Text(f"\rstarts with a carriage return {NUMBER}"),
    Text(f"a literal \\n and \\r and C:\\new\\table {NUMBER}"),
    Text(f"ends with a backslash {NUMBER}\\"),
    Text("\\\n\\\\n\r\\r", "und"),
    Text("", "zxx", media=1),
    Text(" ", "zxx"),
    Text("\n", "zxx"),
    Text("NULL", "und"),
    Text(f"zero\u200bwidth, byte order mark \ufeff, combining e\u0301 {NUMBER}", "und"),
    Text(_LONG, hashtags=("ferry",)),
    Text(f"Números {NUMBER}\n" + "línea con acentos, «comillas» y 🌊\n" * 40, "es"),
)


def short_text(text: str) -> str:
    """Return the `text` field of a tweet: cut near 275 characters, without a mark, as X does."""
    return text if len(text) <= CUT_AT + 5 else text[:CUT_AT]
