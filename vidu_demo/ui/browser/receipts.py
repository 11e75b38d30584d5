"""The browser's own list of task ids and settings, for servers whose disk does not persist."""

import re
from collections.abc import Callable, Sequence
from typing import Any

import gradio as gr

from vidu_demo.api.request import VideoRequest
from vidu_demo.jobs.errors import TooManyOpen
from vidu_demo.jobs.job import SIMULATOR, Job, Payer
from vidu_demo.jobs.runner import JobRunner
from vidu_demo.ui.browser.elsewhere import TooManyTasks

STORAGE_KEY = "vidu-demo-tasks"
MAX_KEPT = 20
"""Receipts kept. Few, since they are sent with every event of the page."""

_TASK_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]{5,127}")


def browser_state() -> gr.BrowserState:
    """Make the browser's storage for them."""
    return gr.BrowserState([], storage_key=STORAGE_KEY, secret=STORAGE_KEY)


def task_id(text: str | None) -> str | None:
    """Read a task id from a visitor's text; None if it does not look like one."""
    text = (text or "").strip()
    return text if _TASK_ID.fullmatch(text) else None


def with_jobs(receipts: Any, jobs: Sequence[Job]) -> list[dict[str, Any]] | None:
    """Add the receipts of the latest jobs, newest first. None if there is nothing to add."""
    kept = _kept(receipts)
    known = {receipt["task"] for receipt in kept}
    new = [
        {
            "task": job.task_id,
            "backend": job.backend,
            "payer": job.payer,
            "created": job.created,
            "request": job.settings,
        }
        for job in jobs[:MAX_KEPT]
        if job.task_id and job.task_id not in known
    ]
    return [*new, *kept][:MAX_KEPT] if new else None


def without(receipts: Any, job: Job) -> list[dict[str, Any]]:
    """Remove a deleted job's receipt."""
    return [receipt for receipt in _kept(receipts) if receipt["task"] != job.task_id]


def restore(
    receipts: Any, runner: JobRunner, *, owner: str, address: str, adopt: Callable[..., Job]
) -> None:
    """Adopt the tasks that the browser knows and the ledger does not, except deleted ones.

    Another tab may still have a receipt that was removed in this one.

    Args:
        receipts: Whatever the browser sends.
        runner: Knows the jobs.
        owner: The visitor.
        address: A digest of their IP address.
        adopt: Adopts a task, like `Elsewhere.adopt`.

    Raises:
        LedgerFailed: The ledger can't be used.
    """
    known = {job.task_id for job in runner.jobs(owner, most=10 * MAX_KEPT)}
    for receipt in _kept(receipts):
        task, backend, payer = task_id(receipt["task"]), receipt["backend"], receipt["payer"]
        if not task or task in known or not runner.serves(payer, backend):
            continue
        if runner.is_deleted(task, owner, backend):
            continue
        try:
            adopt(
                task,
                owner=owner,
                address=address,
                request=receipt["request"],
                created=receipt["created"],
                payer=payer,
            )
        except (TooManyOpen, TooManyTasks):  # the receipts stay, and the next visit adopts them
            return


def _kept(receipts: Any) -> list[dict[str, Any]]:
    """Read what the browser gives, which may be anything, and keep only what a receipt has."""
    return [
        _receipt(receipt)
        for receipt in (receipts if isinstance(receipts, list) else [])[:MAX_KEPT]
        if isinstance(receipt, dict) and isinstance(receipt.get("task"), str)
    ]


def _receipt(given: dict[str, Any]) -> dict[str, Any]:
    request, created = given.get("request"), given.get("created")
    request = request if isinstance(request, dict) else {}
    backend, payer = str(given.get("backend")), given.get("payer")
    if payer not in tuple(Payer):  # from an earlier version
        payer = Payer.SIMULATOR if backend == SIMULATOR else Payer.HOST
    return {
        "task": given["task"],
        "backend": backend,
        "payer": Payer(payer),
        "created": created if isinstance(created, int | float) else None,
        "request": {
            name: VideoRequest.valid_or_default(name, request[name])
            for name in VideoRequest.SETTINGS
            if name in request
        },
    }
