"""What is made once for all of a worker's tests, although each asks for its own."""

from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest
import quick_gradio  # noqa: F401 - before Gradio itself
import sqlalchemy as sa
from httpx._transports import default


@pytest.fixture(scope="session", autouse=True)
def _once() -> Iterator[None]:
    make, first = sa.create_engine, sa.create_engine("sqlite://")
    with first.connect():
        pass  # which completes the dialect

    def create_engine(*place: Any, **options: Any) -> sa.Engine:
        """Make an engine that knows the queries which another SQLite file's has compiled."""
        engine = make(*place, **options)
        if engine.dialect.name == "sqlite":
            engine.dialect, engine._compiled_cache = first.dialect, first._compiled_cache
        return engine

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sa, "create_engine", create_engine)
        # A client of `httpx` reads all certificates, even where it never uses TLS.
        patch.setattr(default, "create_ssl_context", cache(default.create_ssl_context))
        yield
    first.dispose()
