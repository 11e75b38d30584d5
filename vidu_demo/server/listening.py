"""Where the app listens; checked first because Gradio doesn't say why it fails."""

import errno
import os
import socket
from ipaddress import ip_address

from vidu_demo.api.errors import ViduError

LOOPBACK, FIRST_PORT, PORTS = "127.0.0.1", 7860, 100


class CannotListen(ViduError):
    """The address or the port can't be used."""

    what = "The app can't listen at this address."
    next_step = "Choose another one with --host, or leave it out."


def find(host: str | None, port: int | None) -> tuple[str, int]:
    """Find where to listen.

    Args:
        host: An address or a name; by default GRADIO_SERVER_NAME, otherwise loopback.
        port: A port; by default, the first free one from GRADIO_SERVER_PORT or 7860 up.

    Raises:
        CannotListen: This machine does not have the address, or the port is taken.
    """
    host = host or os.environ.get("GRADIO_SERVER_NAME") or LOOPBACK
    first = number("GRADIO_SERVER_PORT", FIRST_PORT) if port is None else port
    last = first + (number("GRADIO_NUM_PORTS", PORTS) if port is None else 1)
    if not 0 < first <= 65_535:
        raise CannotListen(f"There is no port {first}.", next_step="Choose one up to 65535.")
    try:
        found = socket.getaddrinfo(host.strip("[]"), first, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise CannotListen(f"There is no address {host}.") from None
    for candidate in range(first, min(last, 65_536)):
        if _free(host, found[0][0], (found[0][4][0], candidate, *found[0][4][2:])):
            return host, candidate
    taken = f"Port {first} is" if last == first + 1 else f"The ports {first} to {last - 1} are"
    raise CannotListen(f"{taken} in use.", next_step="Choose another one with --port.")


def on_loopback(host: str) -> bool:
    """Tell whether only this machine can reach a server at this host."""
    try:
        found = socket.getaddrinfo(host.strip("[]"), None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        return False
    return all(ip_address(str(address[0])).is_loopback for *_, address in found)


def number(variable: str, default: int) -> int:
    """Read a whole number from an environment variable.

    Raises:
        CannotListen: It is not a whole number.
    """
    text = os.environ.get(variable, "").strip()
    try:
        return int(text or default)
    except ValueError:
        raise CannotListen(
            f"{variable} must be a whole number, not {text!r}.", next_step="Correct or unset it."
        ) from None


def _free(host: str, family: int, address: tuple[object, ...]) -> bool:
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(address)
        except PermissionError:
            raise CannotListen(
                f"Port {address[1]} is not allowed to this user.",
                next_step="Choose one from 1024 on.",
            ) from None
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                return False
            raise CannotListen(f"The address {host} is not one of this machine.") from None
    return True
