"""A function replaced where it is used, for a while."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

Function = Callable[..., Any]
Where = tuple[Any, str]  # the module that uses the function, and the function's name there


@contextmanager
def patched(where: Where, wrong: Callable[[Function], Function]) -> Iterator[list[int]]:
    """While inside, `wrong(right)` stands where `right` does; yields [how often it was called]."""
    module, name = where
    right, calls = getattr(module, name), [0]
    replacement = wrong(right)

    def counting(*args: Any, **kwargs: Any) -> Any:
        calls[0] += 1
        return replacement(*args, **kwargs)

    setattr(module, name, counting)
    try:
        yield calls
    finally:
        setattr(module, name, right)
