"""A connection to a link's host, direct or through a proxy, and only if `Reach` allows it.

No HTTP client lets us check an address before connecting to it, so we open the sockets here.
"""

import socket
import ssl
from collections.abc import Callable
from contextlib import ExitStack, closing
from pathlib import Path
from typing import cast
from urllib.parse import unquote

import requests
from requests.utils import DEFAULT_CA_BUNDLE_PATH, prepend_scheme_if_needed, select_proxy
from urllib3.util import Url, make_headers, parse_url
from urllib3.util.ssltransport import SSLTransport

from vidu_demo.api.errors import LinkRefused
from vidu_demo.api.network.deadline import Connection, Deadline, send
from vidu_demo.api.network.exchange import environment_settings
from vidu_demo.api.network.reach import Reach
from vidu_demo.api.network.urls import PORTS, host_name
from vidu_demo.api.text import Text


def connect(
    url: Url, reach: Reach, deadline: Deadline, stack: ExitStack
) -> tuple[Connection, str, dict[str, str]]:
    """Connect to a host.

    Returns:
        The connection, the prefix for the request target, and the headers that the proxy needs.

    Raises:
        LinkRefused: Connecting to the host is not allowed.
    """
    scheme, host = url.scheme or "", url.host or ""
    port, address = url.port or PORTS[scheme], f"{scheme}://{host_name(url)}"
    with requests.Session() as session:
        settings = environment_settings(session, address)
    proxy = select_proxy(address, settings["proxies"])
    if proxy and not reach.admits_name(scheme, host):
        raise _refused(host)
    if not proxy:
        connection: Connection = _open(
            host, port, deadline, stack, lambda ip: reach.admits(scheme, host, ip)
        )
    elif proxy.lower().startswith("socks"):
        connection = _through_socks(parse_url(proxy), host, port, deadline, stack)
    else:
        via = parse_url(prepend_scheme_if_needed(proxy, "http"))
        auth = make_headers(proxy_basic_auth=unquote(via.auth)) if via.auth else {}
        connection = _to_proxy(via, settings["verify"], deadline, stack)
        if scheme == "http":
            return connection, address, {**auth}
        _tunnel(connection, f"{host}:{port}", auth, deadline)
    if scheme == "https":
        connection = _tls(connection, host, settings["verify"], deadline, stack)
    return connection, "", {}


def _to_proxy(via: Url, verify: bool | str, deadline: Deadline, stack: ExitStack) -> Connection:
    host, scheme = via.host or "", via.scheme or ""
    connection = _open(host, via.port or PORTS[scheme], deadline, stack, lambda _: True)
    return _tls(connection, host, verify, deadline, stack) if scheme == "https" else connection


def _refused(host: str) -> LinkRefused:
    return LinkRefused(
        Text(
            "The video is made, but its link leads to {host}, which is not a public https address.",
            host=host[:100],
        )
    )


def _open(
    host: str, port: int, deadline: Deadline, stack: ExitStack, admits: Callable[[str], bool]
) -> socket.socket:
    """Connect to the first address of a host that is allowed and answers."""
    found = socket.getaddrinfo(host.strip("[]"), port, type=socket.SOCK_STREAM)
    # Use the very address that was checked: a second lookup could return another one.
    admitted = [entry for entry in found if admits(str(entry[4][0]))]
    if not admitted:
        raise _refused(host)
    for family, kind, protocol, _, address in admitted:
        connection = stack.enter_context(closing(socket.socket(family, kind, protocol)))
        connection.settimeout(deadline.left(deadline.connect))
        try:
            connection.connect(address)
        except OSError as error:
            failed = error
        else:
            return connection
    raise failed


def _through_socks(
    via: Url, host: str, port: int, deadline: Deadline, stack: ExitStack
) -> socket.socket:
    import socks  # noqa: PLC0415 - PySocks; requests needs it for these proxies, too

    user, _, password = unquote(via.auth or "").partition(":")
    connection: socket.socket = socks.create_connection(
        (host.strip("[]"), port),
        timeout=deadline.left(deadline.connect),
        proxy_type=socks.SOCKS4 if "4" in (via.scheme or "") else socks.SOCKS5,
        proxy_addr=via.host,
        proxy_port=via.port or 1080,
        proxy_rdns=True,
        proxy_username=user or None,
        proxy_password=password or None,
    )
    return stack.enter_context(closing(connection))


def _tunnel(connection: Connection, host: str, auth: dict[str, str], deadline: Deadline) -> None:
    answer = send(connection, deadline, "CONNECT", host, {"Host": host, **auth})
    if answer.status != 200:
        raise ConnectionRefusedError("the proxy refuses")


def _tls(
    connection: Connection, host: str, verify: bool | str, deadline: Deadline, stack: ExitStack
) -> Connection:
    bundle = DEFAULT_CA_BUNDLE_PATH if verify is True else str(verify)
    folder = Path(bundle).is_dir()
    context = ssl.create_default_context(
        cafile=None if folder else bundle, capath=bundle if folder else None
    )
    context.set_alpn_protocols(["http/1.1"])
    connection.settimeout(deadline.left(deadline.connect))
    name = host.strip("[]").rstrip(".")
    if isinstance(connection, socket.socket) and not isinstance(connection, ssl.SSLSocket):
        return stack.enter_context(closing(context.wrap_socket(connection, server_hostname=name)))
    # Through a proxy that speaks TLS itself. The annotated type is too narrow: it only needs
    # `send`, `recv` and timeouts.
    return SSLTransport(cast("socket.socket", connection), context, name)
