"""Reads the first line of a docstring, such as `x [..., L, K], cos [..., L, R] -> [..., L, K]: …`, and holds
every call to it: shapes, and the dtype of what comes out. So the prose cannot drift from the code."""

import functools
import importlib
import inspect
import re
import sys
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

ARGUMENT = re.compile(r"((?:\w+, )*\w+) \[([^\]]*)\]")
RESULT = re.compile(r"(?:\w+ )?\[([^\]]*)\]")
SAME = {"two": 2, "three": 3}  # results of one shape
MODULES = ("neoxja_np.layers.", "neoxja_np.gradients.", "neoxja_np.model", "neoxja_np.generation.processors",
           "neoxja_np.generation.sampler", "neoxja_np.generation.search", "neoxja_np.cache")


def read(doc: str | None) -> tuple[dict[str, list[str]], list[list[str]] | None]:
    """The dimensions of each argument that the first line names, and of each array among the results.

    What else comes behind those, such as a tree of gradients, is not named there.
    """
    before, arrow, after = (doc or "").split("\n")[0].partition(" -> ")
    arguments = {name: dims.split(", ") if dims else []
                 for names, dims in ARGUMENT.findall(before) for name in names.split(", ")}
    found = [dims.split(", ") if dims else [] for dims in RESULT.findall(after.partition(":")[0])]
    return (arguments, found * SAME.get(after.split()[0], 1)) if arrow and (arguments or found) else ({}, None)


def bind(sizes: dict[str, int], dims: list[str], shape: tuple[int, ...], where: str) -> tuple[int, ...]:
    """Holds the last dimensions of a shape to known sizes, learns unknown ones, and returns what stands for `...`."""
    fixed = [dim for dim in dims if dim != "..."]
    assert len(shape) >= len(fixed), f"{where}: {dims} is {shape}"
    assert "..." in dims or len(shape) == len(fixed), f"{where}: {dims} is {shape}"
    batch, rest = shape[:len(shape) - len(fixed)], shape[len(shape) - len(fixed):]
    for dim, size in zip(fixed, rest, strict=True):
        factors = dim.split("*")
        known = [int(f) if f.isdigit() else sizes.get(f) for f in factors]
        if None not in known:
            assert np.prod(known) == size, f"{where}: {dim} is {size}, expected {np.prod(known)}"
        elif len(factors) == 1:
            sizes[dim] = size
    return batch


def checked(function: Callable[..., Any]) -> Callable[..., Any]:
    """The same function, asserting its contract at every call."""
    arguments, all_dims = read(function.__doc__)
    signature = inspect.signature(function)

    @functools.wraps(function)
    def call(*args: Any, **kwargs: Any) -> Any:
        result = function(*args, **kwargs)
        given = signature.bind(*args, **kwargs).arguments
        arrays = {name: np.asarray(given[name]) for name in arguments if given.get(name) is not None}
        sizes: dict[str, int] = {}
        batches = [bind(sizes, arguments[name], array.shape, f"{function.__name__}({name})")
                   for name, array in arrays.items()]
        batch = np.broadcast_shapes(*batches)
        floats = {array.dtype for array in arrays.values() if array.dtype.kind == "f"}
        results = result if isinstance(result, tuple) else (result,)
        assert len(results) >= len(all_dims or []), f"{function.__name__}: {len(results)} results"
        for part, result_dims in zip(results, all_dims or [], strict=False):
            got = bind(sizes, result_dims, part.shape, f"result of {function.__name__}")
            if arrays and "..." in result_dims:
                assert got == batch, f"{function.__name__}: batch {got}, expected {batch}"
            if floats and part.dtype.kind == "f":
                assert {part.dtype} == floats, f"{function.__name__}: {part.dtype} from {floats}"
        return result
    return call


def owners() -> Iterator[Any]:
    """The modules of the core, and the classes that they define."""
    for name, module in sorted(sys.modules.items()):
        if name.startswith(MODULES):
            yield module
            yield from (value for value in vars(module).values()
                        if inspect.isclass(value) and value.__module__ == name)


def contracted() -> Iterator[Callable[..., Any]]:
    """Every function and method of the core whose docstring is a contract."""
    for owner in owners():
        for value in vars(owner).values():
            if (inspect.isfunction(value) and value.__module__ in (owner.__name__, owner.__dict__.get("__module__"))
                    and read(value.__doc__)[1] is not None and not inspect.isgeneratorfunction(value)):
                yield value


def install() -> None:
    """Puts the checked form of every contracted function in every place where it is used."""
    importlib.import_module("neoxja_np.gradients.model")  # which the package itself does not load
    replacements = {function: checked(function) for function in contracted()}
    package = [module for name, module in sys.modules.items() if name.startswith("neoxja_np")]
    for owner in [*package, *owners()]:
        for attribute, value in list(vars(owner).items()):
            if inspect.isfunction(value) and value in replacements:
                setattr(owner, attribute, replacements[value])
            elif attribute == "ACTIVATIONS":
                value.update({key: replacements.get(function, function) for key, function in value.items()})
