"""Names and arguments of other versions of a library, and what takes their place."""

from __future__ import annotations

import sys
from typing import Any

from .case import Case
from .rules import rule

NAMES: dict[str, dict[str, str]] = {
    "numpy": {
        "float": "float64, or the string \"float\" as dtype (gone in 1.24)",
        "int": "int64, or the string \"int\" as dtype (gone in 1.24)",
        "bool": "bool_, or the string \"bool\" as dtype (gone from 1.24 to 1.26)",
        "object": "object_, or the string \"object\" as dtype (gone in 1.24)",
        "str": "str_, or the string \"str\" as dtype (gone in 1.24)",
        "complex": "complex128, or the string \"complex\" as dtype (gone in 1.24)",
        "long": "int64 (gone in 1.24)",
        "unicode": "str_ (gone in 1.24)",
        "float_": "float64 (gone in 2.0)",
        "complex_": "complex128 (gone in 2.0)",
        "string_": "bytes_ (gone in 2.0)",
        "unicode_": "str_ (gone in 2.0)",
        "Inf": "inf (gone in 2.0)",
        "Infinity": "inf (gone in 2.0)",
        "infty": "inf (gone in 2.0)",
        "PINF": "inf (gone in 2.0)",
        "NINF": "-inf (gone in 2.0)",
        "NaN": "nan (gone in 2.0)",
        "NAN": "nan (gone in 2.0)",
        "product": "prod (gone in 2.0)",
        "cumproduct": "cumprod (gone in 2.0)",
        "sometrue": "any (gone in 2.0)",
        "alltrue": "all (gone in 2.0)",
        "round_": "round (gone in 2.0)",
        "row_stack": "vstack (gone in 2.5)",
        "in1d": "isin (gone in 2.4)",
        "trapz": "trapezoid (gone in 2.4)",
        "asfarray": "asarray with dtype float64 (gone in 2.0)",
        "asscalar": "the array's method item (gone in 1.23)",
        "rank": "ndim (gone in 1.18)",
        "msort": "sort with axis 0 (gone in 2.0)",
        "find_common_type": "result_type (gone in 2.0)",
        "cast": "asarray with a dtype (gone in 2.0)",
        "mat": "asmatrix, or better array (gone in 2.0)",
        "source": "inspect.getsource (gone in 2.0)",
        "byte_bounds": "lib.array_utils.byte_bounds (since 2.0)",
        "safe_eval": "ast.literal_eval (gone in 2.0)",
    },
    "pandas": {
        "Panel": "a DataFrame with a MultiIndex (gone in 1.0)",
        "datetime": "Python's datetime (gone in 2.0)",
        "np": "NumPy as a library of its own (gone in 2.0)",
        "Int64Index": "Index with dtype \"int64\" (gone in 2.0)",
        "Float64Index": "Index with dtype \"float64\" (gone in 2.0)",
        "UInt64Index": "Index with dtype \"uint64\" (gone in 2.0)",
        "rolling_mean": "the method rolling and then mean (gone in 0.23)",
        "ewma": "the method ewm and then mean (gone in 0.23)",
        "scatter_matrix": "plotting.scatter_matrix (since 0.20)",
        "read_table": "read_csv with sep \"\\t\"",
        "DataFrame.append": "pandas.concat of a list of both (gone in 2.0)",
        "Series.append": "pandas.concat of a list of both (gone in 2.0)",
        "DataFrame.ix": "loc by label or iloc by position (gone in 1.0)",
        "DataFrame.iteritems": "items (gone in 2.0)",
        "Series.iteritems": "items (gone in 2.0)",
        "DataFrame.applymap": "map (gone in 3.0)",
        "DataFrame.as_matrix": "to_numpy (gone in 1.0)",
        "DataFrame.lookup": "loc, or melt and merge (gone in 2.0)",
        "DataFrame.mad": "(df - df.mean()).abs().mean() (gone in 2.0)",
        "DataFrame.sort": "sort_values (gone in 0.20)",
        "DataFrame.get_value": "at (gone in 1.0)",
        "DataFrame.set_value": "at (gone in 1.0)",
        "DataFrame.from_csv": "pandas.read_csv (gone in 1.0)",
        "DataFrame.swapaxes": "transpose (gone in 3.0)",
        "DataFrame.pad": "ffill (gone in 3.0)",
        "DataFrame.backfill": "bfill (gone in 3.0)",
        "DataFrame.first": "loc with a date (gone in 3.0)",
        "DataFrame.last": "loc with a date (gone in 3.0)",
        "Series.order": "sort_values (gone in 0.20)",
        "Series.ravel": "to_numpy (gone in 3.0)",
        "Series.view": "astype (gone in 3.0)",
        "Series.is_monotonic": "is_monotonic_increasing (gone in 2.0)",
        "Index.is_monotonic": "is_monotonic_increasing (gone in 2.0)",
    },
    "sklearn": {
        "cross_validation": "model_selection (since 0.20)",
        "grid_search": "model_selection (since 0.20)",
        "learning_curve": "model_selection.learning_curve (since 0.20)",
        "datasets.load_boston": "datasets.fetch_california_housing (load_boston went in 1.2)",
        "preprocessing.Imputer": "impute.SimpleImputer (since 0.22)",
        "preprocessing.imputation": "impute (since 0.22)",
        "externals": "joblib, a library of its own (since 0.23)",
        "metrics.plot_confusion_matrix": "metrics.ConfusionMatrixDisplay (since 1.2)",
        "metrics.plot_roc_curve": "metrics.RocCurveDisplay (since 1.2)",
        "linear_model.RandomizedLasso": "feature_selection (gone in 0.21)",
        "mixture.GMM": "mixture.GaussianMixture (since 0.20)",
        "decomposition.RandomizedPCA": "decomposition.PCA with svd_solver \"randomized\" (since 0.20)",
        "manifold.t_sne": "manifold.TSNE",
        "utils.testing": "numpy.testing (gone in 0.24)",
        "get_feature_names": "get_feature_names_out (since 1.2)",
    },
    "time": {"clock": "perf_counter (gone in Python 3.8)"},
    "math": {"infinity": "inf", "ln": "log"},
    "string": {"letters": "ascii_letters", "maketrans": "str.maketrans", "join": "str.join"},
    "collections": {
        "Mapping": "collections.abc.Mapping (since Python 3.10)",
        "Iterable": "collections.abc.Iterable (since Python 3.10)",
        "Callable": "collections.abc.Callable (since Python 3.10)",
        "MutableMapping": "collections.abc.MutableMapping (since Python 3.10)",
    },
    "base64": {"encodestring": "encodebytes (since Python 3.9)", "decodestring": "decodebytes (since Python 3.9)"},
    "inspect": {"getargspec": "getfullargspec (since Python 3.11)"},
    "os": {"getcwdu": "getcwd"},
    "platform": {"linux_distribution": "the library distro (gone in Python 3.8)", "dist": "the library distro"},
    "asyncio": {"coroutine": "async def (gone in Python 3.11)", "async": "ensure_future"},
    "fractions": {"gcd": "math.gcd (gone in Python 3.9)"},
    "random": {"jumpahead": "seed"},
    "json": {"read": "loads", "write": "dumps", "parse": "loads", "stringify": "dumps", "encode": "dumps", "decode": "loads"},
    "requests": {"async": "the library httpx"},
    "scipy": {"misc": "imageio, or scipy.datasets", "integrate.trapz": "integrate.trapezoid (since 1.14)",
              "integrate.simps": "integrate.simpson (since 1.14)", "integrate.cumtrapz": "integrate.cumulative_trapezoid (since 1.14)",
              "stats.median_absolute_deviation": "stats.median_abs_deviation (since 1.9)", "signal.hann": "signal.windows.hann (since 1.13)"},
}  # fmt: skip
"""By package: a name (a method behind its class) and what to use."""

KEYWORDS: dict[str, dict[str, str]] = {
    "numpy": {
        "normed": "density (histogram, since 1.24)",
        "interpolation": "method (percentile and quantile, since 2.4)",
        "newshape": "shape (reshape, since 2.1)",
        "fortran_order": 'order: "F"',
    },
    "pandas": {
        "error_bad_lines": 'on_bad_lines: "skip" (since 2.0)',
        "warn_bad_lines": 'on_bad_lines: "warn" (since 2.0)',
        "squeeze": "the method squeeze of the result (since 2.0)",
        "prefix": "the method add_prefix of the result (since 2.0)",
        "mangle_dupe_cols": "nothing: it is always done (since 2.0)",
        "tupleize_cols": "nothing (gone in 1.0)",
        "line_terminator": "lineterminator (since 2.0)",
        "date_parser": "date_format (since 3.0)",
        "infer_datetime_format": "nothing: it is always done (since 3.0)",
        "keep_date_col": "assign, afterwards (gone in 3.0)",
        "delim_whitespace": 'sep: "\\\\s+" (since 3.0)',
        "delimiter_whitespace": 'sep: "\\\\s+"',
        "verbose": "nothing (gone in 3.0)",
        "sheetname": "sheet_name (since 1.0)",
        "skip_footer": "skipfooter (since 1.0)",
        "parse_cols": "usecols (since 1.0)",
        "raise_on_error": 'errors: "raise" or "ignore" (since 1.0)',
        "join_axes": "the method reindex of the result (since 1.0)",
        "try_cast": "nothing (gone in 1.5)",
        "take_last": 'keep: "last" (since 0.20)',
        "cols": "subset or columns",
        "rows": "index",
        "downcast": "the method infer_objects (since 3.0)",
        "method": "the methods ffill and bfill (since 3.0)",
        "pad": "ffill",
    },
    "sklearn": {
        "sparse": "sparse_output (since 1.4)",
        "base_estimator": "estimator (since 1.4)",
        "squared": "root_mean_squared_error (since 1.6)",
        "affinity": "metric (AgglomerativeClustering, since 1.4)",
        "normalize": "a StandardScaler before it, in a Pipeline (since 1.2)",
        "presort": "nothing (gone in 0.24)",
        "min_impurity_split": "min_impurity_decrease (since 1.0)",
        "n_iter": "max_iter (since 0.21), or n_iter_no_change",
        "categorical_features": "a ColumnTransformer (OneHotEncoder, since 0.22)",
        "multi_class": "OneVsRestClassifier around it, or nothing (since 1.8)",
        "loss_function": "loss",
        "test_split": "test_size",
        "labels": "y_true and y_pred by position",
        "n_folds": "n_splits (since 0.20)",
        "if_binary": 'drop: "if_binary"',
        "k": "n_neighbors or n_clusters",
        "num_clusters": "n_clusters",
        "n_trees": "n_estimators",
        "num_trees": "n_estimators",
        "learning_rate_init": "learning_rate",
    },
    "json": {"encoding": "nothing: text has none (gone in Python 3.9)"},
    "requests": {"body": "data or json", "payload": "data or json", "query": "params", "header": "headers"},
}
"""By package: an argument and what to pass instead."""


def _attribute(case: Case, match: Any) -> str | None:
    name = match["name"]
    places = [match["module"] or "", f"{match['kind'] or match['type'] or ''}"]
    for package, names in NAMES.items():
        if package not in sys.modules:
            continue
        for place in places:
            inner = (
                place[len(package) + 1 :]
                if place.startswith(package + ".")
                else ("" if place == package else place)
            )
            found = names.get(f"{inner}.{name}" if inner else name)
            if found and (place.partition(".")[0] == package or _of(package, case, place)):
                return (
                    f"the installed {package}{case.version(package)} has it no more or never had: use {found}"
                )
    return None


def _of(package: str, case: Case, kind: str) -> bool:
    obj = getattr(case.error, "obj", case.owner)
    return type(obj).__module__.partition(".")[0] == package and type(obj).__name__ == kind


def _keyword(case: Case, match: Any) -> str | None:
    found = KEYWORDS.get(case.module, {}).get(match["name"])
    if found is None:
        return None
    return f"the installed {case.module}{case.version(case.module)} takes no `{match['name']}`: use {found}"


RULES = (
    rule(
        "AttributeError",
        r"(?:'(?P<kind>[\w.]+)' object|module '(?P<module>[\w.]+)'|type object '(?P<type>[\w.]+)') has no attribute '(?P<name>\w+)'",
        _attribute,
    ),
    rule(
        "TypeError",
        r"(?:got an unexpected keyword argument '|^')(?P<name>\w+)'(?:$| is an invalid| \()",
        _keyword,
    ),
)
