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


def _object(case: Case, match: Any) -> str:
    return "there are values among the numbers that are none (nil, text, lists): leave them out, or pass :nan"


RULES = (
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
    rule(
        "numpy.LinAlgError LinAlgError",
        r"Singular matrix",
        "the matrix has no inverse (rows depend on each other): numpy.linalg.lstsq or pinv answer anyway",
    ),
    rule(
        "numpy.LinAlgError LinAlgError",
        r"must be square|not square",
        "the matrix must have as many rows as columns",
    ),
    rule(
        "numpy.LinAlgError LinAlgError",
        r"(\d)-dimensional array given\. Array must be (?:at least )?(\S+)",
        "pass a matrix (nested lists, an array of two axes); this one has {1}",
    ),
    rule(
        "numpy.LinAlgError LinAlgError",
        r"not positive definite",
        "Cholesky takes symmetric matrices with positive eigenvalues only: look at the matrix, or add a little to its diagonal",
    ),
    rule(
        "numpy.LinAlgError LinAlgError",
        r"did not converge",
        "NaN or infinity in the matrix does this, and very large numbers: look for them first",
    ),
    rule(
        "numpy.LinAlgError LinAlgError", r"Incompatible dimensions", "both must have the same number of rows"
    ),
    rule(
        "ValueError",
        r"all the input array dimensions except for the concatenation axis must match|all input arrays must have the same shape",
        lambda case, match: (
            f"{_shapes(case)}arrays that are joined agree in all other axes; stack needs all equal"
        ),
    ),
    rule(
        "ValueError",
        r"all the input arrays must have same number of dimensions|zero-dimensional arrays cannot be concatenated",
        "all must have the same number of axes: one list inside one more list is a matrix",
    ),
    rule("ValueError", r"need at least one array to (?:concatenate|stack)", "the list of arrays is empty"),
    rule(
        "ValueError",
        r"zero-size array to reduction operation (\w+)",
        "the array is empty, and {1} of nothing is undefined: initial: answers in that case",
    ),
    rule("ValueError", r"attempt to get (argm\w+) of an empty sequence", "the array is empty"),
    rule(
        "TypeError numpy.UFuncTypeError UFuncTypeError",
        r"ufunc '\w+' (?:did not contain a loop|not supported for the input types)|Cannot cast ufunc",
        _loop,
    ),
    rule(
        "TypeError",
        r"loop of ufunc does not support argument 0 of type (\w+) which has no callable",
        "there are values of type {1} among the numbers: leave them out, or make numbers of them (nil: :nan)",
    ),
    rule(
        "TypeError",
        r"Cannot cast array data from .*'(\S+)'\) to .*'(\S+)'\) according to the rule",
        "the array is of {1}, and {2} is needed: give the dtype (Envmgr.Array.from_list(list, dtype: …)), or astype",
    ),
    rule(
        "ValueError",
        r"array must not contain infs or NaNs|Array must not contain infs",
        "leave NaN and infinity out first",
    ),
    rule(
        "ValueError",
        r"expected \d+D (?:vector|or|array)|must be 1-?d|object too (?:deep|small) for desired array|Input must be 1- or 2-?d",
        "the array has the wrong number of axes: ravel makes one of them, reshape others",
    ),
    rule(
        "ValueError",
        r"array split does not result in an equal division",
        "array_split divides into unequal parts too",
    ),
    rule("ValueError", r"axes don't match array", "give each axis once"),
    rule("ValueError", r"repeated axis|axes must be distinct", "give each axis once"),
    rule(
        "ValueError",
        r"Percentiles must be in the range|Quantiles must be in the range",
        "percentile takes 0 to 100, quantile 0 to 1",
    ),
    rule(
        "ValueError",
        r"Maximum allowed (?:dimension|size) exceeded|array is too big",
        "the shape is larger than any memory: look at the sizes and the step",
    ),
    rule(
        "ValueError",
        r"negative dimensions are not allowed|Number of samples, -?\d+, must be non-negative|must be non-negative",
        "sizes count from 0 on",
    ),
    rule(
        "ValueError",
        r"probabilities do not sum to 1",
        "the numbers of p must add up to 1: divide them by their sum",
    ),
    rule("ValueError", r"probabilities are not non-negative", "probabilities are not negative"),
    rule("ValueError", r"'a' and 'p' must have same size", "one probability for each element is needed"),
    rule(
        "ValueError",
        r"Cannot take a larger sample than population",
        "replace: true draws the same element more than once",
    ),
    rule(
        "ValueError",
        r"'a' cannot be empty|a must be greater than 0|low >= high|high <= low",
        "the range or list to draw from is empty",
    ),
    rule("ValueError", r"kth\(=?.*out of bounds", "kth counts from 0 and stays below the length"),
    rule("ValueError", r"order must be one of", 'order: is "C", "F", "A" or "K"'),
    rule(
        "ValueError",
        r"Object arrays cannot be loaded when allow_pickle=False",
        "the file holds Python objects: allow_pickle: true loads them, and runs what is in them: only from sources that you trust",
    ),
    rule(
        "ValueError",
        r"string or file could not be read to its end|could not be converted to float|could not convert string '.*' to",
        "the file has text among the numbers: skip_header or skiprows, a delimiter, or genfromtxt, which makes NaN of it",
    ),
    rule(
        "ValueError",
        r"einstein sum subscripts|operand has more dimensions than subscripts|einsum",
        'one letter for each axis of each array, arrays separated by commas: "ij,jk->ik"',
    ),
    rule(
        "ValueError",
        r"x and y (?:arrays )?must have (?:the )?same (?:length|first dimension)|fp and xp are not of the same length|The length of the input vectors",
        "both must have the same length",
    ),
    rule(
        "TypeError",
        r"expected x and y to have same length|expected non-empty vector",
        "both must have the same length, and at least one element",
    ),
    rule("TypeError", r"unsupported operand type.*'NoneType'", _object),
    rule(
        "OverflowError",
        r"Python integer (-?\d+) out of bounds for (\w+)",
        "{1} does not fit into {2}: take a larger dtype",
    ),
    rule(
        "ValueError",
        r"Could not convert object to NumPy (?:datetime|timedelta)|Error parsing datetime string",
        'dates are written "2024-01-31" or "2024-01-31T12:00"',
    ),
    rule(
        "ValueError",
        r"assignment destination is read-only|output array is read-only",
        "arrays that came from Elixir or from a buffer may be read-only: numpy.array makes a copy that is not",
    ),
    rule(
        "ValueError",
        r"bins must increase monotonically|`bins` must be",
        "bins is a number, or a list of rising edges",
    ),
)
