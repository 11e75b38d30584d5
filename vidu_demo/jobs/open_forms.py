"""Which uploads visitors' forms hold: Gradio names files by content, so several can share one."""

import threading
from collections import OrderedDict
from collections.abc import Iterable
from pathlib import Path

MAX_FORMS = 10_000
"""The latest forms; those of other processes are not known. Gradio deletes uploads after a day."""


class OpenForms:
    """The latest form of each visitor, as far as this process has reviewed it. Thread-safe."""

    def __init__(self) -> None:
        self._files: OrderedDict[str, frozenset[Path]] = OrderedDict()
        self._lock = threading.Lock()

    def note(self, owner: str, files: Iterable[Path]) -> None:
        """Note which uploads a visitor's form holds now."""
        with self._lock:
            self._files.pop(owner, None)
            if held := frozenset(files):
                self._files[owner] = held
            if len(self._files) > MAX_FORMS:
                self._files.popitem(last=False)

    def of_others(self, owner: str) -> set[Path]:
        """Return the uploads that forms of other visitors hold."""
        with self._lock:
            return set().union(*(held for who, held in self._files.items() if who != owner))
