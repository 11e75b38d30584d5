"""What the page's handlers share: the runner, and who is asking."""

import functools
import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import gradio as gr
from gradio.context import LocalContext

from vidu_demo.api.errors import ViduError
from vidu_demo.api.run import Run
from vidu_demo.jobs.buying.budget import SpendingLimits
from vidu_demo.jobs.job import Payer
from vidu_demo.jobs.runner import JobRunner
from vidu_demo.ui import Updates, faults
from vidu_demo.ui.browser.tab import INPUTS, Tab
from vidu_demo.ui.browser.visitor import Unrecognised, Visitors
from vidu_demo.ui.form.opening import Opener
from vidu_demo.ui.i18n.words import words_for
from vidu_demo.ui.local import is_local
from vidu_demo.ui.payer import WhoseKey

SHORT: dict[str, Any] = {
    "queue": False,
    "api_visibility": "private",
    "show_progress": "hidden",
}
"""Options for every listener on the page: short events that stay out of the queue."""
RAW: dict[str, Any] = {"preprocess": False}
"""Options for a listener that takes raw values from the browser."""


@dataclass(frozen=True)
class Context:
    """What the handlers share.

    Attributes:
        demo: The page, once it is launched or mounted.
        runner: Starts jobs and knows their state.
        visitors: Tells visitors apart by their tokens.
        run: Opens untrusted files.
        limits: Returns the limits that the host has set.
        visitor: Carries the visitor's token with every event.
        proxied: True if the host has named proxies.
        keeps: Returns for how many days jobs are kept; None for good.
    """

    demo: gr.Blocks
    runner: JobRunner
    visitors: Visitors
    run: Run
    limits: Callable[[], SpendingLimits]
    visitor: gr.BrowserState
    proxied: bool = False
    keeps: Callable[[], float | None] = lambda: None

    def handler(self, act: Callable[..., Updates]) -> Callable[..., Updates]:
        """Wrap a handler, which takes the tab first, as a listener's function."""

        def handle(request: gr.Request, **values: Any) -> Updates:
            return self.call(act, request, values)

        return handle

    def call(
        self, act: Callable[..., Updates], request: gr.Request, values: Mapping[str, Any]
    ) -> Updates:
        """Call a handler with the tab and its own values.

        Args:
            act: The handler.
            request: The request that brought the values.
            values: The tab's values, named as in `Panel.tab`, and the handler's.

        Raises:
            gr.Error: The handler failed; the browser shows this over the page.
        """
        try:
            tab = Tab.read(values, self.visitors, request)
            own = {name: value for name, value in values.items() if name not in INPUTS}
            return act(tab, **own)
        except ViduError as error:
            raise faults.error(error, words_for(request)) from None

    def listen(
        self,
        event: Callable[..., Any],
        act: Callable[..., Any],
        inputs: Mapping[str, gr.components.Component],
        outputs: Any,
        **options: Any,
    ) -> gr.events.Dependency:
        """Wire a listener that, like a handler, only serves visitors with a token of this app.

        Args:
            event: The event.
            act: The listener's function, without the token.
            inputs: Its inputs, by name.
            outputs: Its outputs.
            options: Further options for the event.
        """

        @functools.wraps(act)
        def answer(*given: Any, visitor: Any, **values: Any) -> Any:
            try:
                self.visitors.owner(visitor)
            except Unrecognised as error:
                request = LocalContext.request.get()
                raise faults.error(error, words_for(request) if request else str) from None
            return act(*given, **values)

        kind = inspect.Parameter.KEYWORD_ONLY
        known = inspect.signature(act)
        parameters = [*known.parameters.values(), inspect.Parameter("visitor", kind)]
        parameters.sort(key=lambda parameter: parameter.kind)
        answer.__signature__ = known.replace(parameters=parameters)  # type: ignore[attr-defined]
        inputs = {**inputs, "visitor": self.visitor}
        listener: gr.events.Dependency = event(
            answer, inputs_kwargs=inputs, outputs=outputs, **SHORT, **options
        )
        return listener

    def opener(self, request: gr.Request) -> Opener:
        """Make an opener for the visitor's files."""
        return Opener(self.run, self.visitors.turn(request))

    def whose_key(self, request: gr.Request, payer: Payer) -> WhoseKey:
        """Tell whose key pays, from the point of view of whoever sent the request."""
        return WhoseKey.of(payer, local=self._is_local(request))

    def address(self, request: gr.Request) -> str:
        """Digest the address of a request."""
        return self.visitors.address(request)

    def who_buys(
        self, request: gr.Request, owner: str, payer: Payer | None = None
    ) -> dict[str, Any]:
        """Return the runner's arguments for a click: its address, its payer and the limits.

        If the host's key doesn't pay, only a pause counts, and for what is simulated, how many
        videos each visitor can have at once. Limits and payer are decided together: otherwise a
        key that is forgotten in between could make the host pay without limits.

        Args:
            request: The click's.
            owner: The visitor.
            payer: Who has to pay; by default the visitor, if the app has their key.
        """
        limits, payer = self.limits(), payer or self.runner.purchases.payer(owner)
        if self.runner.usual_payer is Payer.HOST and not self._is_local(request):
            limits = limits.or_defaults()
        if payer is not Payer.HOST:
            most = limits.max_jobs if payer is Payer.SIMULATOR else None
            limits = SpendingLimits(max_jobs=most, paused=limits.paused)
        return {"address": self.address(request), "payer": payer, "limits": limits}

    def _is_local(self, request: gr.Request) -> bool:
        return not self.proxied and is_local(self.demo, request)
