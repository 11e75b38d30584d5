"""Has Gradio do less about its classes, in every process of the tests that imports this first.

On import it reads their code to write stubs for editors, which takes 40 % of that time. For each
new visitor, and in each answer, it looks up how they are made, of which nothing changes.
"""

import inspect
import sys
from collections.abc import Callable
from functools import cache
from typing import Any

getfile = inspect.getfile


def _getfile(about: Any) -> str:
    if sys._getframe(1).f_code.co_name == "create_or_modify_pyi":
        raise OSError  # as for a class without a file, which gets no stub
    return getfile(about)


def _once(look: Callable[..., Any]) -> Callable[..., Any]:
    known = cache(look)

    def look_up(called: Any, **options: Any) -> Any:
        constructs = getattr(called, "__name__", "") == "__init__" and not options
        return (known if constructs else look)(called, **options)

    return look_up


inspect.getfile = _getfile
inspect.signature = _once(inspect.signature)
inspect.getfullargspec = _once(inspect.getfullargspec)
