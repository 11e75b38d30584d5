"""Knows what a test has asked of a browser context that outlasts the page it looks at."""

from collections.abc import Callable, Iterator
from typing import Any
from weakref import WeakKeyDictionary, WeakSet

import pytest
from playwright.sync_api import BrowserContext, Page

FOR_GOOD = (
    "add_init_script",
    "add_locator_handler",
    "clock",
    "expose_binding",
    "expose_function",
    "new_cdp_session",
    "route_from_har",
    "route_web_socket",
    "set_default_navigation_timeout",
    "set_default_timeout",
    "set_extra_http_headers",
    "set_geolocation",
)
HANDLERS = ("on", "once")


class Lasting:
    """What was asked of contexts, or of pages in them.

    Attributes:
        spoilt: Contexts of which something was asked that can't be taken back.
    """

    def __init__(self) -> None:
        self.spoilt: WeakSet[BrowserContext] = WeakSet()
        self._handlers: WeakKeyDictionary[BrowserContext, list[Callable[[], Any]]]
        self._handlers = WeakKeyDictionary()

    def note(self, asked: BrowserContext | Page, name: str, args: tuple[Any, ...]) -> None:
        """Note a call of a method."""
        context = asked.context if isinstance(asked, Page) else asked
        if name in FOR_GOOD:
            self.spoilt.add(context)
        else:
            remove = self._handlers.setdefault(context, [])
            remove.append(lambda: asked.remove_listener(*args))

    def accept(self, context: BrowserContext) -> None:
        """Let what was asked of a context be there from now on."""
        self.spoilt.discard(context)
        self._handlers.pop(context, None)

    def take_back(self, context: BrowserContext) -> None:
        """Remove the handlers and routes of a context and its pages."""
        for remove in self._handlers.pop(context, ()):
            remove()
        for routed in (context, *context.pages):
            routed.unroute_all()


@pytest.fixture(scope="session")
def lasting() -> Iterator[Lasting]:
    """What was asked of every context."""
    known = Lasting()

    def noting(name: str, ask: Callable[..., Any]) -> Callable[..., Any]:
        def note(asked: BrowserContext | Page, *args: Any, **options: Any) -> Any:
            known.note(asked, name, args)
            return ask(asked, *args, **options)

        return note

    with pytest.MonkeyPatch.context() as patch:
        for owner in BrowserContext, Page:
            for name in (*FOR_GOOD, *HANDLERS):
                ask = getattr(owner, name, None)
                if isinstance(ask, property):
                    patch.setattr(owner, name, property(noting(name, ask.fget)))
                elif ask:
                    patch.setattr(owner, name, noting(name, ask))
        yield known
