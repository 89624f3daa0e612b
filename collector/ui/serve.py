"""Serve: the page on a port of this machine, until it is stopped."""

import socket
from ipaddress import ip_address
from threading import Event, Thread

import uvicorn
from starlette.types import ASGIApp

from collector.core.errors import ConfigError

LAST_ANSWERS = 3
"""Seconds that answers under way may take when the service is stopped."""

LOOK_AGAIN = 1.0


def listen(host: str, port: int) -> socket.socket:
    """Take a port; 0 takes a free one. Raises `ConfigError` when it cannot be had."""
    try:
        family, *_, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
        return socket.create_server((address[0], port), family=socket.AddressFamily(family))
    except (OSError, UnicodeError) as cause:
        reason = str(getattr(cause, "strerror", None) or cause).partition(" (while")[0]
        message = f"port {port} of {host} cannot be opened: {reason}"
        raise ConfigError(message, hint="choose others with --host and --port") from cause


def address_of(listening: socket.socket) -> str:
    """Return the URL of a taken port."""
    host, port = listening.getsockname()[:2]
    return f"http://[{host}]:{port}/" if ":" in host else f"http://{host}:{port}/"


def is_private(listening: socket.socket) -> bool:
    """Say whether only this machine reaches a taken port."""
    return ip_address(listening.getsockname()[0]).is_loopback


def serve(app: ASGIApp, listening: socket.socket, stopped: Event) -> None:
    """Answer on a taken port until `stopped` is set."""
    server = uvicorn.Server(
        uvicorn.Config(
            app,
            log_config=None,
            access_log=False,
            lifespan="off",
            ws="none",
            server_header=False,
            timeout_graceful_shutdown=LAST_ANSWERS,
        )
    )
    # In a thread it leaves the signals alone: with handlers of its own, one that comes before they are set is lost.
    answering = Thread(target=server.run, kwargs={"sockets": [listening]}, name="page")
    answering.start()
    while answering.is_alive() and not stopped.wait(LOOK_AGAIN):
        pass
    server.should_exit = True
    answering.join()
