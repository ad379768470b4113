"""NumPy: elements, dtypes, linear algebra, random numbers."""

from __future__ import annotations

from typing import Any

from .arrays import _loop, _shapes
from .case import Case
from .rules import rule


def _object(case: Case, match: Any) -> str:
    return "there are values among the numbers that are none (nil, text, lists): leave them out, or pass :nan"


RULES = (
    rule(
        "ValueError",
        r"requires a specified unit|datetime other than NaT with generic units",
        'the unit is the second argument: "D", "h", "m", "s", "ms", "us" or "ns"',
    ),
    rule(
        "TypeError",
        r"Invalid datetime unit",
        'units are "Y", "M", "W", "D", "h", "m", "s", "ms", "us" and "ns"',
    ),
    rule("ValueError", r"Invalid integer data type", "iinfo takes dtypes of integers; finfo those of floats"),
    rule(
        "TypeError",
        r"ufunc '(?:bitwise_\w+|invert|\w+_shift|gcd|lcm)' not supported for the input types",
        'it takes whole numbers: round/1 or trunc/1, or astype "int64"',
    ),
    rule(
        "ValueError",
        r"Line #\d+ \(got \d+ columns instead of \d+\)",
        "the lines differ in length: look at delimiter:; invalid_raise: false leaves such lines out",
    ),
    rule(
        "ValueError",
        r"range of \[nan, nan\] is not finite",
        "there is a NaN among the values: leave it out, or pass range:",
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
