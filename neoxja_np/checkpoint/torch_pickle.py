"""The pickle in a file of torch.save, interpreted: nothing is imported, built or called.

A pickle is a program for a small stack machine. The few operations that a dict of tensors needs are
done here on plain values: names of classes and functions stay names, and what three of them would
make is stood for by records. Everything else is refused by what was found.
https://docs.python.org/3/library/pickletools.html
"""

import io
import math
import pickletools
from dataclasses import dataclass
from typing import Any, NoReturn

from neoxja_np.checkpoint.stored import CheckpointError, extent, is_possible, printable

LARGEST = 1 << 17  # bytes, and so the most operations, values and memo entries; 2.7B: 53,000
MARK = object()    # where the parts of a tuple or a dict begin on the stack
CONSTANTS = {"NONE": None, "NEWTRUE": True, "NEWFALSE": False, "EMPTY_TUPLE": (), "MARK": MARK}
PUSHED = {"BININT", "BININT1", "BININT2", "LONG1", "BINUNICODE", "GLOBAL"}
ARGUMENTS = {*PUSHED, "PROTO", "BINPUT", "LONG_BINPUT", "BINGET", "LONG_BINGET"}
OPERATIONS = {operation.code: operation for operation in pickletools.opcodes}
STORAGES = {"DoubleStorage": "F64", "FloatStorage": "F32", "HalfStorage": "F16",
            "BFloat16Storage": "BF16", "LongStorage": "I64", "IntStorage": "I32",
            "ShortStorage": "I16", "CharStorage": "I8", "ByteStorage": "U8", "BoolStorage": "BOOL"}


@dataclass(frozen=True)
class Name:
    """What a pickle would import: a module and a name in it."""

    dotted: str


@dataclass(frozen=True)
class Storage:
    """A row of numbers: what stands in the archive as data/KEY."""

    key: str
    dtype: str  # as safetensors spells it
    count: int


@dataclass(frozen=True)
class View:
    """A tensor: which numbers of a storage it shows."""

    storage: Storage
    offset: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]

    def is_contiguous(self) -> bool:
        """Whether its numbers lie row after row, without gaps."""
        step = 1
        for size, stride in zip(reversed(self.shape), reversed(self.strides), strict=True):
            if size > 1 and stride != step:
                return False
            step *= size
        return True


def refuse(found: str) -> NoReturn:
    """Raises CheckpointError with what was found."""
    raise CheckpointError(f"it holds {found}, which is not read; tensors by their names are, as "
                          "torch.save(model.state_dict(), …) writes them")


def kind(value: object) -> str:
    """What a value is, in words; never its content, which may be endless."""
    match value:
        case Name(dotted):
            return dotted
        case View():
            return "a tensor"
        case _:
            name = type(value).__name__
            return f"{'an' if name == 'int' else 'a'} {name}"


def state_dict(pickled: bytes) -> dict[str, View]:
    """The tensors by name that a pickle describes. Raises CheckpointError for any other content."""
    value = interpret(io.BytesIO(pickled))
    if not isinstance(value, dict):
        refuse(f"{kind(value)} in place of tensors by name")
    for name, tensor in value.items():
        if not isinstance(tensor, View):
            refuse(f"{kind(tensor)} called {name!r} among the tensors")
    return value


def interpret(file: io.BytesIO) -> Any:
    """What a pickle leaves on its stack; nothing may stand beside it or behind the end."""
    stack: list[Any] = []
    memo: dict[int, Any] = {}
    while (operation := next_operation(file))[0] != "STOP":
        name, argument = operation
        if name in PUSHED:
            stack.append(argument)
        elif name in CONSTANTS:
            stack.append(CONSTANTS[name])
        elif name in ("BINPUT", "LONG_BINPUT"):
            memo[argument] = top(stack)
        elif name in ("BINGET", "LONG_BINGET") and argument in memo:
            stack.append(memo[argument])
        elif name == "EMPTY_DICT":
            stack.append({})
        elif name in ("TUPLE1", "TUPLE2", "TUPLE3"):
            stack.append(tuple(take(stack, int(name[-1]))))
        elif name == "TUPLE":
            stack.append(tuple(take_to_mark(stack)))
        elif name == "SETITEM":
            enter(stack, take(stack, 2))
        elif name == "SETITEMS":
            enter(stack, take_to_mark(stack))
        elif name == "BINPERSID":
            stack.append(storage(*take(stack, 1)))
        elif name == "REDUCE":
            stack.append(call(*take(stack, 2)))
        elif name == "BUILD":
            stack.append(build(*take(stack, 2)))
        elif operation != ("PROTO", 2):
            refuse(f"the pickle operation {name}" + ("" if argument is None else f" {argument}"))
    [value] = take(stack, 1)
    if stack or file.read(1):
        refuse("more than one value, or more behind the end of the pickle")
    return value


def next_operation(file: io.BytesIO) -> tuple[str, Any]:
    """The next operation by the name that pickletools gives it, and its argument."""
    code = file.read(1)
    operation = OPERATIONS.get(code.decode("latin-1"))
    if operation is None:
        return f"{code!r}", None
    if operation.name == "GLOBAL":
        return operation.name, Name(f"{line(file)}.{line(file)}")
    if operation.name not in ARGUMENTS or operation.arg is None:
        return operation.name, None
    try:
        return operation.name, operation.arg.reader(file)
    except ValueError:
        refuse(f"the pickle operation {operation.name} with a broken argument")


def line(file: io.BytesIO) -> str:
    """A line of the pickle, without its end, such that it can be printed."""
    return printable(file.readline().removesuffix(b"\n").decode("ascii", "backslashreplace"))


def top(stack: list[Any]) -> Any:
    """The uppermost value."""
    if not stack or stack[-1] is MARK:
        refuse("a pickle operation without its values")
    return stack[-1]


def take(stack: list[Any], count: int) -> list[Any]:
    """The uppermost values, removed from the stack."""
    if len(stack) < count or any(value is MARK for value in stack[-count:]):
        refuse("a pickle operation without its values")
    values = stack[-count:]
    del stack[-count:]
    return values


def take_to_mark(stack: list[Any]) -> list[Any]:
    """The values down to the uppermost mark, removed from the stack with it."""
    for count, value in enumerate(reversed(stack)):
        if value is MARK:
            values = stack[len(stack) - count:]
            del stack[len(stack) - count - 1:]
            return values
    refuse("a pickle operation without its mark")


def enter(stack: list[Any], pairs: list[Any]) -> None:
    """Enters name, value, name, value … into the dict on top of the stack."""
    entries = stack[-1] if stack else None
    if not isinstance(entries, dict) or len(pairs) % 2:
        refuse("values that are entered into no dict")
    for name, value in zip(pairs[::2], pairs[1::2], strict=True):
        if not isinstance(name, str) or not name.isprintable():
            refuse(f"{kind(name)} as the name of an entry")
        if name in entries:
            refuse(f"two entries called {name!r}")
        entries[name] = value


def build(entries: Any, attributes: Any) -> Any:
    """A state dict once it has its _metadata, versions of modules, which nobody needs here."""
    if not (isinstance(entries, dict) and isinstance(attributes, dict)
            and list(attributes) == ["_metadata"]):
        refuse(f"attributes of {kind(entries)}")
    return entries


def storage(reference: Any) -> Storage:
    """The storage that a persistent id stands for."""
    match reference:
        case ("storage", Name(dotted), str(key), str(), int(count)) if (
                type(count) is int and count >= 0):
            dtype = STORAGES.get(dotted.removeprefix("torch."))
            if dotted.startswith("torch.") and dtype:
                return Storage(key, dtype, count)
            refuse(f"numbers of {dotted}")
    refuse("a reference to something else than numbers")


def call(function: Any, arguments: Any) -> Any:
    """What one of the functions that torch's pickles call would give."""
    match function, arguments:
        case Name("collections.OrderedDict"), ():
            return {}
        case (Name("torch._utils._rebuild_parameter"),
              (View() as tensor, bool(), dict() as hooks)) if not hooks:
            return tensor
        case (Name("torch._utils._rebuild_tensor_v2"),
              (Storage() as numbers, int(offset), tuple(shape), tuple(strides), bool(),
               dict() as hooks)) if not hooks:
            return view(numbers, offset, shape, strides)
    refuse(f"a call of {kind(function)}")


def view(numbers: Storage, offset: int, shape: tuple[Any, ...],
         strides: tuple[Any, ...]) -> View:
    """A tensor that lies within its storage."""
    if not (len(shape) == len(strides)
            and all(type(size) is int and size >= 0 for size in (offset, *shape, *strides))
            and is_possible(shape)):
        refuse("a tensor of no possible shape")
    if (offset + extent(shape, strides) > numbers.count
            or math.prod(shape) > numbers.count):
        refuse(f"a tensor {shape} that is larger than its storage of {numbers.count} numbers")
    return View(numbers, offset, shape, strides)
