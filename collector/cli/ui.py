"""`collector ui`: the operator's page, served from this machine."""

import click

from collector.cli.frame import settings, stop_signal

PORT = 8787


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Where to listen; 0.0.0.0 lets everybody in.")
@click.option("--port", type=click.IntRange(0, 65535), default=PORT, show_default=True, help="Port; 0: a free one.")
def ui(*, host: str, port: int) -> None:
    """Serve the page that shows status, gaps, batches and cost.

    Read-only, and without a login of its own: it listens on this machine alone unless told otherwise. It refreshes by
    itself, and Ctrl-C or SIGTERM ends it.
    """
    from collector import wiring  # noqa: PLC0415  help must not wait for it
    from collector.ui.app import page_app  # noqa: PLC0415
    from collector.ui.serve import address_of, is_private, listen, serve  # noqa: PLC0415

    found = settings()
    state = wiring.open_state(found)
    with listen(host, port) as listening, stop_signal() as stopped:
        if not is_private(listening):
            click.echo("collector: warning: the page has no login: whoever reaches this address can read it", err=True)
        click.echo(address_of(listening))
        serve(page_app(lambda: state, wiring.clock(), budget=lambda: wiring.budget(found)), listening, stopped)
