"""Which host names the app answers to, and which pages can change something."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from vidu_demo.server.hosts import Host

SAFE = ("GET", "HEAD", "OPTIONS")
"""Methods that change nothing."""


def _nothing() -> str | None:
    return None


@dataclass(frozen=True)
class Door:
    """Decides by a request's `Host` and `Origin`.

    By DNS rebinding, another site can point a name of its own at an app on loopback and reach it
    from a browser on this machine. So on loopback the app only answers to names that no such site
    can have.

    Attributes:
        loopback: True if the app listens on loopback only.
        name: The name or address it listens on.
        allowed: Extra names, from `VIDU_ALLOWED_HOSTS`.
        share_url: Returns the share link, which is only known after the launch.
    """

    loopback: bool
    name: str = ""
    allowed: tuple[Host, ...] = ()
    share_url: Callable[[], str | None] = _nothing

    def refuses(self, method: str, hosts: Sequence[str], origins: Sequence[str]) -> str:
        """Say why a request is not served; empty if it is.

        Args:
            method: The request's.
            hosts: Every `Host` header.
            origins: Every `Origin` header.
        """
        host = Host.read(hosts[0]) if len(hosts) == 1 else None
        if len(hosts) > 1 or (self.loopback and not (host and self._answers_to(host))):
            return (
                "This app does not answer to the name in this address. If it should, whoever runs "
                "the app must add the name to VIDU_ALLOWED_HOSTS."
            )
        if method not in SAFE and not self.own(host, origins):
            return (
                "This came from a page at another address, so nothing was done. To allow it, "
                "whoever runs the app must add that page's host name to VIDU_ALLOWED_HOSTS."
            )
        return ""

    def own(self, host: Host | None, origins: Sequence[str]) -> bool:
        """Tell whether a request comes from the app's own page or an allowed one.

        A request without an origin does not come from a page.
        """
        origin = Host.of_origin(origins[0]) if len(origins) == 1 else None
        if not origin:
            return not origins
        return bool(host and host.matches(origin)) or origin.is_one_of(self._known)

    def _answers_to(self, host: Host) -> bool:
        return host.loopback or host.name == self.name or host.is_one_of(self._known)

    @property
    def _known(self) -> Iterable[Host]:
        shared = Host.of_origin((self.share_url() or "").rstrip("/"))
        return (*self.allowed, *([Host(shared.name)] if shared else []))
