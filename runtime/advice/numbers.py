"""Numbers outside of what a function is defined for, and samples that are too small."""

from __future__ import annotations

from typing import Any

from .case import Case
from .rules import rule

_DOMAINS = {
    "sqrt": "sqrt takes no number below 0; cmath.sqrt does",
    "log": "log takes numbers above 0 only",
    "log2": "log2 takes numbers above 0 only",
    "log10": "log10 takes numbers above 0 only",
    "log1p": "log1p takes numbers above -1 only",
    "acos": "acos takes numbers from -1 to 1 only",
    "asin": "asin takes numbers from -1 to 1 only",
    "acosh": "acosh takes numbers from 1 on only",
    "atanh": "atanh takes numbers between -1 and 1 only, without the ends",
    "pow": "a negative number has no power with a fraction; 0 has no negative one",
    "gamma": "gamma has no value at 0 and at negative whole numbers",
    "lgamma": "lgamma has no value at 0 and at negative whole numbers",
    "fmod": "the second argument of fmod must not be 0",
    "remainder": "the second argument of remainder must not be 0",
}


def _domain(case: Case, match: Any) -> str:
    return _DOMAINS.get(
        case.name, "the function has no value there: look at the sign and the range of the arguments"
    )


RULES = (
    rule(
        "OverflowError",
        r"argument should not exceed|is too large|too many digits",
        "the number is too large for this function",
    ),
    rule("ZeroDivisionError", r"[Ww]eights sum to zero", "the weights must not add up to 0"),
    rule(
        "ValueError",
        r"math domain error|expected a (?:non-?negative|positive|number)|^expected .* got",
        _domain,
    ),
    rule(
        "OverflowError",
        r"math range error|Numerical result out of range|Result too large",
        "the result is larger than a float holds (1.8e308): pass a smaller number, or work with logarithms or Decimal",
    ),
    rule(
        "OverflowError",
        r"int too large to convert to float|integer division result too large",
        "the number is larger than a float holds (1.8e308): Decimal and Fraction have no such limit",
    ),
    rule(
        "OverflowError",
        r"Python (?:int|integer).* (?:too large|out of bounds)|int too (?:big|large) to convert|too large to convert to C|too big to be converted",
        "the number does not fit into 64 bits, or what is wanted is smaller still: pass a smaller one",
    ),
    rule(
        "OverflowError",
        r"cannot convert float (?:infinity|NaN) to integer",
        "infinity is no whole number: look for :infinity among the values",
    ),
    rule(
        "ValueError",
        r"cannot convert float NaN to integer",
        "there is a NaN among the values, which no whole number can be: replace it first",
    ),
    rule(
        "ValueError",
        r"Exceeds the limit \((\d+)[^)]*\) for integer string conversion",
        "numbers of more than {1} digits are not written as text; sys.set_int_max_str_digits in the library's init raises the limit",
    ),
    rule("ZeroDivisionError", "", "a divisor is 0: look for it among the arguments"),
    rule(
        "statistics.StatisticsError",
        r"requires? at least (?:one|1)|no (?:median|mode|mean) for empty",
        "the data is empty: pass a list with at least one number",
    ),
    rule(
        "statistics.StatisticsError",
        r"non-?empty",
        lambda case, match: (
            "the data is empty: pass a list with at least one number"
            if any(type(value) is list and not value for value in case.values())
            else "it takes positive numbers only: leave out zeros and negative ones"
        ),
    ),
    rule(
        "statistics.StatisticsError",
        r"at least two",
        "one value has no variance or line through it: pass a list of at least two",
    ),
    rule(
        "statistics.StatisticsError",
        r"negative values|positive numbers|non-positive|negative",
        "it takes positive numbers only: leave out zeros and negative ones",
    ),
    rule(
        "statistics.StatisticsError",
        r"same number of data points|same (?:length|size)",
        "both lists must have the same length",
    ),
    rule(
        "statistics.StatisticsError",
        r"constant",
        "the values are all the same; there is no correlation with a constant",
    ),
    rule("statistics.StatisticsError", r"n must be", "n counts the groups: pass a whole number from 1 on"),
    rule(
        "ValueError",
        r"factorial\(\) not defined for negative|must be a non-negative integer|n must be non-?negative|k must be|negative shift count|isqrt\(\) argument must be",
        "pass a whole number from 0 on",
    ),
    rule(
        "ValueError",
        r"factorial\(\) only accepts integral|only accepts integral values",
        "pass a whole number: 3, not 3.5",
    ),
    rule(
        "ValueError",
        r"(?:min|max)\(\) (?:arg is an empty sequence|iterable argument is empty)",
        "the list is empty; default: answers in that case",
    ),
    rule(
        "ValueError",
        r"empty range (?:for|in) rand|empty range",
        "the range is empty: the first number must be below the second",
    ),
    rule(
        "ValueError",
        r"Sample larger than population|larger than population",
        "k must not be larger than the list is long; random.choices draws with repetition",
    ),
    rule("IndexError", r"Cannot choose from an empty (?:sequence|population)", "the list is empty"),
    rule("ValueError", r"number of weights does not match", "as many weights as elements are needed"),
    rule("ValueError", r"Total of weights must be greater", "at least one weight must be above 0"),
    rule(
        "decimal.InvalidOperation",
        r"ConversionSyntax",
        "that text is no number: write 12.34, with a point, without separators and currency",
    ),
    rule("decimal.DivisionByZero decimal.DivisionUndefined", "", "a divisor is 0"),
    rule("ValueError", r"Invalid literal for Fraction", 'write "3/4" or "0.75"'),
    rule(
        "TypeError",
        r"both arguments should be Rational|argument should be a string or a",
        "pass whole numbers, text, or an Envmgr.Fraction",
    ),
    rule("ValueError", r"base must be|int\(\) base must be", "bases are 2 to 36, or 0"),
    rule(
        "ValueError",
        r"pow\(\) (?:2nd argument cannot be negative|3rd argument cannot be 0)|base is not invertible",
        "there is no inverse for this modulus: both numbers must have no common divisor",
    ),
    rule(
        "TypeError",
        r"pow\(\) 3rd argument not allowed unless all arguments are integers",
        "with a modulus all three are whole numbers",
    ),
    rule(
        "ValueError",
        r"arg 3 must not be zero|arg must not be zero|step must not be zero|must not be zero",
        "the step must not be 0",
    ),
    rule(
        "ValueError",
        r"both points must have the same number of dimensions|Inputs are not the same length|the same length",
        "both lists must have the same length",
    ),
)
