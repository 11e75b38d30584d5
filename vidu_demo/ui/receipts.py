"""The browser's own list of task ids with their settings, for a server whose disk forgets."""

import math
import re
import time
from collections.abc import Sequence
from typing import Any

import gradio as gr

from vidu_demo.jobs import JobRunner
from vidu_demo.ledger import Job, LedgerFailed
from vidu_demo.request import SETTINGS
from vidu_demo.ui.form import kept_or_default

STORAGE_KEY = "vidu-demo-tasks"
MOST = 20
"""Receipts kept. They travel with every event of the page, so they are few."""

_TASK_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]{5,127}")


def browser_state() -> gr.BrowserState:
    """Make the place in the browser."""
    return gr.BrowserState([], storage_key=STORAGE_KEY, secret=STORAGE_KEY)


def task_id(text: str | None) -> str | None:
    """Read a task id that a visitor gave, if it looks like one."""
    text = (text or "").strip()
    return text if _TASK_ID.fullmatch(text) else None


def with_jobs(receipts: Any, jobs: Sequence[Job]) -> list[dict[str, Any]] | None:
    """Add the receipts of the latest jobs, newest first. None if there is nothing to add."""
    kept = [receipt for receipt in receipts or [] if isinstance(receipt, dict)]
    known = {receipt.get("task") for receipt in kept}
    new = [
        {
            "task": job.task_id,
            "backend": job.backend,
            "created": job.created,
            "request": job.settings,
        }
        for job in jobs[:MOST]
        if job.task_id and job.task_id not in known
    ]
    return [*new, *kept][:MOST] if new else None


def without(receipts: Any, job: Job) -> list[dict[str, Any]]:
    """Take a deleted job's receipt away, or the next visit would bring it back."""
    kept = [receipt for receipt in receipts or [] if isinstance(receipt, dict)]
    return [receipt for receipt in kept if receipt.get("task") != job.task_id]


def restore(receipts: Any, runner: JobRunner, owner: str) -> None:
    """Take up the tasks that the browser knows and the ledger does not."""
    known = {job.task_id for job in runner.jobs(owner, most=10 * MOST)}
    for receipt in receipts if isinstance(receipts, list) else []:
        if not isinstance(receipt, dict) or receipt.get("backend") != runner.backend:
            continue
        task = task_id(str(receipt.get("task")))
        if task is None or task in known:
            continue
        asked, created = receipt.get("request"), receipt.get("created")
        if not isinstance(asked, dict):
            asked = {}
        if not isinstance(created, int | float) or not math.isfinite(created):
            created = time.time()
        request = {name: kept_or_default(name, asked[name]) for name in SETTINGS if name in asked}
        try:
            runner.adopt(task, owner=owner, request=request, created=min(created, time.time()))
        except LedgerFailed:
            return
