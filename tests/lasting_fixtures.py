"""Tells which browser contexts a test has changed in a way that outlasts the page it looks at."""

from collections.abc import Callable, Iterator
from typing import Any
from weakref import WeakSet

import pytest
from playwright.sync_api import BrowserContext, Page

LASTING = (
    "add_init_script",
    "add_locator_handler",
    "clock",
    "emulate_media",
    "expose_binding",
    "expose_function",
    "grant_permissions",
    "new_cdp_session",
    "on",
    "once",
    "route",
    "route_from_har",
    "route_web_socket",
    "set_default_navigation_timeout",
    "set_default_timeout",
    "set_extra_http_headers",
    "set_geolocation",
    "set_offline",
    "set_viewport_size",
)


@pytest.fixture(scope="session")
def changed() -> Iterator[WeakSet[BrowserContext]]:
    """Every context that something has been asked of, or of a page in it, that lasts."""
    contexts: WeakSet[BrowserContext] = WeakSet()

    def telling(ask: Callable[..., Any]) -> Callable[..., Any]:
        def tell(asked: BrowserContext | Page, *args: Any, **options: Any) -> Any:
            contexts.add(asked.context if isinstance(asked, Page) else asked)
            return ask(asked, *args, **options)

        return tell

    with pytest.MonkeyPatch.context() as patch:
        for owner in BrowserContext, Page:
            for name in LASTING:
                ask = getattr(owner, name, None)
                if isinstance(ask, property):
                    patch.setattr(owner, name, property(telling(ask.fget)))
                elif ask:
                    patch.setattr(owner, name, telling(ask))
        yield contexts
