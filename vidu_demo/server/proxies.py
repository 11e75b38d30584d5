"""Keeps requests to this machine away from the environment's proxies."""

from collections.abc import MutableMapping

import httpx

from vidu_demo.api.errors import ViduError

LOOPBACK = ("localhost", "127.0.0.1", "::1")


class ProxyUnusable(ViduError):
    """The environment names a proxy that can't be used."""

    what = "The environment names a proxy that can't be used."
    next_step = "Correct or unset ALL_PROXY, HTTP_PROXY and HTTPS_PROXY."


def spare_loopback(environment: MutableMapping[str, str], *names: str) -> None:
    """Make sure that the page and the simulator are not reached through a proxy.

    Args:
        environment: The process's environment, which all HTTP libraries read; `no_proxy` is
            extended.
        names: Further names of this machine.

    Raises:
        ProxyUnusable: A proxy can't be used.
    """
    given = environment.get("no_proxy") or environment.get("NO_PROXY") or ""
    known = [host.strip() for host in given.split(",") if host.strip()]
    if "*" not in known:
        known += [host for host in (*LOOPBACK, *names) if host not in known]
    for variable in ("no_proxy", "NO_PROXY"):  # libraries differ in which one they read
        environment[variable] = ",".join(known)
    try:
        httpx.Client().close()
    except ImportError:
        raise ProxyUnusable(
            "The environment names a SOCKS proxy, and the packages for it are missing.",
            next_step='Run `pip install "httpx[socks]" "requests[socks]"`, or unset the proxy.',
        ) from None
    except (ValueError, httpx.InvalidURL):
        raise ProxyUnusable from None
