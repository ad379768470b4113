"""What is codes and categories: pandas' Categorical, and the levels of a MultiIndex."""

from __future__ import annotations

from typing import Any

from .errors import ConversionError
from .parts import array, describe, library, part
from .protocols import Coder


class Level:
    """A level of a MultiIndex that is no Categorical: labels repeat, are missing or are categories themselves."""

    def __init__(self, codes: Any, categories: Any) -> None:
        self.codes, self.categories = codes, categories

    def __len__(self) -> int:
        return len(self.codes)


def parts(codec: Coder, value: Any) -> dict[str, Any]:
    import numpy

    codes = numpy.asarray(value.codes)
    return {"codes": codes, "categories": value.categories, "ordered": bool(value.ordered)}


def categorical(found: Any) -> Any:
    codes, categories = _codes(found)
    make = library("pandas", "a Categorical").Categorical.from_codes
    return make(codes, categories=categories, ordered=part(found, "ordered", bool))


def level(found: Any) -> Level:
    codes, categories = _codes(found)
    if len(codes) and not -1 <= codes.min() <= codes.max() < len(categories):
        raise ConversionError("the codes of a level do not fit its labels")
    return Level(codes, categories)


def _codes(found: Any) -> tuple[Any, Any]:
    codes, categories = array(part(found, "codes")), part(found, "categories")
    if codes.dtype.kind != "i":
        raise ConversionError(f"codes are signed integers, not {codes.dtype}")
    if not isinstance(categories, library("pandas", "a Categorical").Index):
        raise ConversionError(f"categories are a frame of kind pandas.Index, not {describe(categories)}")
    return codes, categories
