"""NumPy."""

from __future__ import annotations

from typing import Any

from .case import Case, said
from .near import near
from .rules import rule

_DTYPES = [
    "float64",
    "float32",
    "float16",
    "int64",
    "int32",
    "int16",
    "int8",
    "uint64",
    "uint32",
    "uint16",
    "uint8",
    "bool",
    "complex128",
    "complex64",
    "object",
    "str",
    "bytes",
    "datetime64",
    "timedelta64",
]


def _dtype(case: Case, match: Any) -> str:
    found = near(match["name"], _DTYPES, 0.6)
    return (
        f'did you mean "{found}"?'
        if found
        else 'dtypes are "float64", "int32", "bool", "U10", "datetime64[us]", …'
    )


def _matmul(case: Case, match: Any) -> str:
    shapes = [shape_of(value) for value in case.values()]
    if case.name in ("solve", "lstsq"):
        return f"{_shapes(case)}the second must have as many rows as the first"
    if all(shape is not None and len(shape) == 1 for shape in shapes):
        return f"{_shapes(case)}both must have the same length"
    return f"{_shapes(case)}the columns of the first must be as many as the rows of the second; numpy.transpose turns one round"


def _shapes(case: Case) -> str:
    named = [*([("the array", case.owner)] if case.owner is not None else []), *case.bound]
    found = [(name, shape) for name, value in named if (shape := shape_of(value)) is not None]
    if len(found) < 2:
        return ""
    return (
        ", ".join(
            f"{name if name == 'the array' else said(name)} is {_times(shape)}" for name, shape in found[:3]
        )
        + ": "
    )


def _times(shape: tuple[int, ...]) -> str:
    return (
        " × ".join(map(str, shape)) if len(shape) > 1 else f"of length {shape[0]}" if shape else "one number"
    )


def shape_of(value: Any) -> tuple[int, ...] | None:
    """Of an array, a frame, or nested lists as NumPy would read them; None of anything else, ragged lists too."""
    shape = getattr(value, "shape", None)
    if type(shape) is tuple:
        return shape
    if type(value) not in (list, tuple):
        return () if type(value) in (int, float) else None
    inner = {shape_of(part) for part in value[:1000]}
    if len(inner) > 1 or None in inner:
        return None
    return (len(value), *(inner.pop() if inner else ()))  # type: ignore[misc]


def _reshape(case: Case, match: Any) -> str:
    size = int(match["size"])
    return f"{size} elements fill shapes whose product is {size}; -1 for one axis means: as many as it takes"


def _axis(case: Case, match: Any) -> str:
    dimensions = int(match["dimensions"])
    if dimensions == 0:
        return "one number has no axis: pass an array or a list"
    if dimensions == 1:
        return "the data has one axis, 0: pass nested lists for more"
    return f"axes are 0 to {dimensions - 1}, or -1 to -{dimensions} from the end"


def _ambiguous(case: Case, match: Any) -> str:
    return "an array stands where one truth value is needed: all or any of it makes one; numpy.where and masks work element by element"


def _ragged(case: Case, match: Any) -> str:
    return 'the inner lists have different lengths: make them equal, or pass dtype: "object"'


def _memory(case: Case, match: Any) -> str:
    return f"{match['size']} are needed: look at the shape, pass a smaller dtype (float32), or less at once"


def _index(case: Case, match: Any) -> str:
    size = int(match["size"])
    if size == 0:
        return "that axis is empty"
    return f"positions on that axis are 0 to {size - 1}, or -1 to -{size} from the end"


def _loop(case: Case, match: Any) -> str | None:
    text = case.text
    if any(map(_has_text, case.values())) or "<U" in text or "StrDType" in text or "'str" in text:
        return 'there is text among the numbers: convert it first (String.to_float/1, or numpy\'s astype "float64")'
    if "'O'" in text or "object" in text:
        return "there is something else than numbers in the array (nil, text, lists of different lengths): leave it out, or give a dtype"
    if "datetime" in text or "<M8" in text:
        return "this is not done with dates: subtract them first, or make numbers of them"
    return None


def _has_text(value: Any) -> bool:
    if type(value) in (list, tuple):
        return any(map(_has_text, value[:100]))
    return isinstance(value, str)


RULES = (
    rule("ValueError", r"(\w+) < 0, \1 > 1 or \1 is NaN", "`{1}` is a probability: a number from 0 to 1"),
    rule(
        "TypeError",
        r"Field elements must be 2- or 3-tuples",
        "the second argument is the dtype: put all rows into one list, [[[1, 2], [3, 4]]]",
    ),
    rule(
        "TypeError",
        r"'(?:str|float)' object cannot be interpreted as an integer",
        lambda case, match: (
            "a shape is a whole number, or a tuple of them: 4, or {2, 2}"
            if any(
                name in ("shape", "newshape", "size") and type(value) in (str, float)
                for name, value in case.bound
            )
            else None
        ),
    ),
    rule(
        "ZeroDivisionError",
        "",
        lambda case, match: "the step must not be 0" if case.name == "arange" else None,
    ),
    rule("TypeError", r"not supported for inputs with DType .*StrDType", "numbers are needed, not text"),
    rule(
        "ValueError",
        r"either both or neither of x and y should be given",
        "pass the condition alone (it answers positions), or what to take where it is true and where it is not: [condition, x, y]",
    ),
    rule(
        "ValueError",
        r"must be \(arrays of\) \d-dimensional vectors|incompatible dimensions for cross product",
        "vectors of three elements have a cross product",
    ),
    rule(
        "ValueError",
        r"contains pickled \(object\) data|Cannot load file containing pickled data",
        "the file is no .npy of numbers: text is read by loadtxt or genfromtxt; allow_pickle: true loads Python objects, and runs what is in them",
    ),
    rule(
        "ValueError",
        r"^(\w+) ?(?:<|<=) ?0|^(\w+) must be (?:non-negative|positive|> ?0)",
        "`{1}{2}` must not be negative",
    ),
    rule(
        "ValueError TypeError",
        r"expected non-negative integer|SeedSequence expects",
        "a seed is a whole number from 0 on, or nil",
    ),
    rule("TypeError", r"Cannot cast scalar from dtype\('<U\d+'\)", "a number is needed, not text"),
    rule(
        "ValueError",
        r"^(\w) cannot be empty|Invalid number of (?:FFT )?data points \(0\)",
        "the array is empty",
    ),
    rule(
        "ValueError",
        r"is not a valid estimator for `bins`",
        'bins is a number, a list of rising edges, or "auto", "fd", "doane", "scott", "stone", "rice", "sturges", "sqrt"',
    ),
    rule(
        "ValueError",
        r"`bins` must be positive, when an integer",
        "bins is a whole number from 1 on, or a list of rising edges",
    ),
    rule("ValueError", r"must be monotonically increasing", "the edges must rise: sort them"),
    rule(
        "TypeError ValueError",
        r"Axis must be specified when shapes of a and weights differ|Length of weights not compatible",
        lambda case, match: f"{_shapes(case)}one weight for each element is needed",
    ),
    rule(
        "ValueError",
        r"buffer size must be a multiple of element size",
        "the bytes are not a whole number of elements: give the dtype that they are of",
    ),
    rule(
        "ValueError",
        r"binary mode of fromstring is removed",
        'numbers as text need sep: "," or " "; bytes are read by frombuffer',
    ),
    rule("ValueError", r"cannot select an axis to squeeze out", "only axes of size 1 are taken out"),
    rule(
        "ValueError",
        r"can only convert an array of size 1",
        "one element is needed: item with its position, or tolist for all",
    ),
    rule(
        "TypeError",
        r"When used as a decorator, only accepts keyword",
        "it takes a function: pass an Elixir function (fn x -> … end)",
    ),
    rule("TypeError", r"string operation on non-string array", "it takes an array of strings"),
    rule(
        "TypeError",
        r"resolved dtypes are not compatible|(?:could not find|no) (?:matching|suitable) .*loop",
        lambda case, match: _loop(case, match) or "the array holds something else than numbers",
    ),
    rule(
        "TypeError",
        r"expected a sequence of integers or a single integer|'(?:float|str)' object cannot be interpreted as an integer.*shape",
        "a shape is a whole number, or a tuple of them: 3 or {{2, 3}}",
    ),
    rule(
        "TypeError",
        r"requires stop to be specified",
        "pass the end: numpy.arange of [10], or [0, 10, 2] with start and step",
    ),
    rule(
        "TypeError",
        r"dispatcher for __array_function__ did not return an iterable",
        "it takes a list of arrays: [[a, b]]",
    ),
    rule("MemoryError", r"Unable to allocate (?P<size>[\d.]+ \w+)", _memory),
    rule("TypeError", r"data type ['\"](?P<name>[^'\"]*)['\"] not understood", _dtype),
    rule(
        "TypeError",
        r"(?:Cannot interpret|data type) .* (?:as a data type|not understood)",
        'a dtype is a string: "float64", "int32", "bool", …',
    ),
    rule(
        "ValueError",
        r"operands could not be broadcast together with (?:remapped )?shapes (?P<shapes>.*)|shape mismatch: objects cannot be broadcast|could not be broadcast",
        lambda case, match: (
            f"{_shapes(case)}shapes must be equal from the end on, or 1; reshape one, for instance to (-1, 1)"
        ),
    ),
    rule(
        "ValueError",
        r"could not broadcast input array from shape (.*) into shape (.*)",
        "what is written must have the shape of the place: {2}, not {1}",
    ),
    rule(
        "ValueError",
        r"matmul: .*mismatch in its core dimension|shapes .* not aligned|mismatch in its core dimension|incompatible dimensions for cross|matrices are not aligned",
        _matmul,
    ),
    rule(
        "ValueError",
        r"matmul: Input operand \d does not have enough dimensions",
        "matmul takes vectors and matrices, not one number: use multiply",
    ),
    rule("ValueError", r"cannot reshape array of size (?P<size>\d+) into shape", _reshape),
    rule("ValueError", r"can only specify one unknown dimension", "-1 may stand for one axis only"),
    rule(
        "numpy.AxisError numpy.exceptions.AxisError AxisError",
        r"out of bounds for array of dimension (?P<dimensions>\d+)",
        _axis,
    ),
    rule("IndexError", r"index -?\d+ is out of bounds for (?:axis \d+ with )?size (?P<size>\d+)", _index),
    rule(
        "IndexError",
        r"too many indices for array: array is (\d+)-dimensional",
        "the array has {1} axes: give as many indices at most",
    ),
    rule(
        "IndexError",
        r"only integers, slices|arrays used as indices must be of integer",
        'positions are whole numbers, slices, or lists of whole numbers or of booleans: 1, not 1.0 or "1"',
    ),
    rule("IndexError", r"boolean index did not match", "the mask must have the array's shape"),
    rule("ValueError", r"truth value of an array .* ambiguous", _ambiguous),
    rule("ValueError", r"inhomogeneous shape|setting an array element with a sequence", _ragged),
    rule(
        "TypeError",
        r"only (?:length-1|0-dimensional|size-1|integer scalar) arrays can be converted",
        "one number is needed there, not an array: pass one element of it",
    ),
)
