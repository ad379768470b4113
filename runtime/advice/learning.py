"""scikit-learn."""

from __future__ import annotations

import re
from typing import Any

from .case import Case
from .near import listed, near
from .rules import rule


def _parameter(case: Case, match: Any) -> str | None:
    name = match["name"]
    known = match["known"].replace("'", "").split(", ") if match["known"] else []
    found = near(name, known)
    return f"did you mean `{found}`?" if found else f"`{name}` is none of its parameters: {', '.join(known)}"


def _unexpected(case: Case, match: Any) -> str | None:
    names = [name for name, parameter in case.parameters.items() if parameter.kind in (1, 3)]
    found = near(match["name"], names)
    return f"did you mean `{found}`?" if found else None


def _must_be(case: Case, match: Any) -> str | None:
    name, wanted, got = match["name"], match["wanted"], match["got"]
    if got.startswith("'"):
        choices = re.findall(r"'(\w+)'", wanted)
        found = near(got.strip("'"), choices)
        if found:
            return f'did you mean "{found}"?'
        words = [word for word in choices if word and " " not in word]
        if wanted.startswith("a str among") or " a str among" in wanted:
            return f"`{name}` is one of {listed(sorted(words))}"
        if got.strip("'").replace(".", "", 1).isdigit():
            return f"`{name}` takes a number, not text: {got[1:-1]}"
    if wanted.startswith("an int") and "float" not in wanted and "." in got:
        return f"`{name}` is a whole number: {got.partition('.')[0]}, not {got}"
    return f"`{name}` takes {wanted.rstrip('. ')}"


def _samples(case: Case, match: Any) -> str:
    if "X" not in case.parameters and not case.name.startswith("fit"):
        return f"the arguments have {match[1]} and {match[2]} elements: they must have the same length"
    return f"X has {match[1]} rows and y {match[2]}: one for each is needed; is X turned round (rows are samples, columns are features)?"


def _features(case: Case, match: Any) -> str:
    return f"it was fitted with {match['fitted']} features and got {match['got']}: pass the same columns, in the same order"


def _text(case: Case, match: Any) -> str:
    return f"there is text ({match[1]}) among the features: OneHotEncoder or OrdinalEncoder makes numbers of it, or leave that column out"


RULES = (
    rule("ValueError", r"requires y to be passed", "pass the labels as well: [x, y]"),
    rule(
        "AttributeError",
        r"'\w+' object has no attribute '(\w+_)'$",
        "`{1}` is there after fit: call fit first, on the same object",
    ),
    rule("ValueError", r"At least one array required", "pass the data: [x, y]"),
    rule(
        "TypeError",
        r"Parameter grid for parameter '(\w+)'",
        "the values of a grid are lists: %{{{1}: [value]}}",
    ),
    rule("ValueError", r"k-fold cross-validation requires", "n_splits is a whole number from 2 on"),
    rule(
        "ValueError",
        r"multi_class must be in",
        'with more than two classes pass multi_class: "ovr" or "ovo", and a share for each class',
    ),
    rule(
        "ValueError", r"At least one label specified must be in y_true", "labels: are some of those in y_true"
    ),
    rule(
        "ValueError",
        r"y_pro\w+ contains values (?:greater than 1|lower|less)",
        "shares lie between 0 and 1: those of predict_proba, not classes",
    ),
    rule(
        "ValueError",
        r"Number of labels is (\d+)\. Valid values are",
        "the labels must tell from 2 groups to one less than there are samples: {1} is none",
    ),
    rule(
        "ValueError",
        r"The pipeline is empty",
        'steps are pairs of a name and an estimator: [[{{"scale", scaler}}, {{"model", model}}]]',
    ),
    rule(
        "TypeError",
        r"All estimators should implement fit and transform",
        'its parts are transformers (scalers, encoders), "drop" or "passthrough"',
    ),
    rule(
        "ValueError",
        r"Expected n_samples >= n_components",
        "there are fewer samples than components: pass a smaller n_components",
    ),
    rule(
        "ValueError",
        r"informative, redundant and repeated features must sum to less",
        "n_features must be at least n_informative (2), n_redundant (2) and n_repeated together",
    ),
    rule("ValueError", r"Neither name nor data_id", "pass name: or data_id:"),
    rule("ValueError", r"Cannot sample \d+ out of arrays", "replace: true draws elements more than once"),
    rule(
        "TypeError",
        r"cannot unpack non-iterable (\w+) object",
        'steps are pairs of a name and an estimator: [[{{"scale", scaler}}, {{"model", model}}]]',
    ),
    rule(
        "sklearn.NotFittedError",
        "",
        'call fit first, on the same object: keep it with as: :ref, Envmgr.method(ref, "fit", [x, y]), then this method',
    ),
    rule(
        "AttributeError",
        r"This '?\w+'? has no attribute '(predict_proba|decision_function|\w+)'",
        'this estimator, as it is configured, has no {1}: SVC wants probability: true, SGDClassifier loss: "log_loss"',
    ),
    rule(
        "ValueError",
        r"Expected 2D array, got (?:1D|scalar) array",
        "X is a list of rows: one feature is [[1], [2], [3]] (reshape(-1, 1)), one sample [[1, 2, 3]] (reshape(1, -1))",
    ),
    rule(
        "ValueError",
        r"y should be a 1d array, got an array of shape",
        "y is one list of labels, not a list of lists: ravel",
    ),
    rule(
        "ValueError",
        r"Expected .*dim|Found array with dim (\d)",
        "X has two axes: rows are samples, columns are features",
    ),
    rule(
        "ValueError",
        r"Found input variables with inconsistent numbers of samples: \[(\d+), (\d+)\]",
        _samples,
    ),
    rule(
        "ValueError", r"X has (?P<got>\d+) features, but \w+ is expecting (?P<fitted>\d+) features", _features
    ),
    rule(
        "ValueError",
        r"feature names (?:should|must) match|feature names? .*unseen at fit",
        "pass the columns that it was fitted with, by the same names and in the same order",
    ),
    rule("ValueError", r"Found array with 0 (sample|feature)", "the data is empty: there is no {1} in it"),
    rule(
        "ValueError",
        r"(?:Input|X|y)[^.]*contains NaN|Input contains NaN",
        "fill or drop missing values first: SimpleImputer, dropna; HistGradientBoosting takes them as they are",
    ),
    rule(
        "ValueError",
        r"contains infinity or a value too large",
        "replace infinity first; very large numbers do not fit float32",
    ),
    rule("ValueError", r"could not convert string to float: ('.*')", _text),
    rule(
        "ValueError",
        r"dtype='numeric' is not compatible with arrays of bytes/strings",
        "there is text among the features: OneHotEncoder or OrdinalEncoder makes numbers of it, or leave that column out",
    ),
    rule(
        "ValueError",
        r"Found unknown categories (\[.*?\]) in column (\d+)",
        '{1} was not there when the encoder was fitted: handle_unknown: "ignore" (OneHotEncoder), "use_encoded_value" (OrdinalEncoder)',
    ),
    rule(
        "ValueError",
        r"y contains previously unseen labels: (.*)",
        "{1} was not there at fit: fit with all labels",
    ),
    rule(
        "ValueError",
        r"Invalid parameter '?(?P<name>\w+)'? for estimator.*Valid parameters are: \[(?P<known>.*?)\]",
        _parameter,
    ),
    rule("TypeError", r"got an unexpected keyword argument '(?P<name>\w+)'", _unexpected),
    rule(
        "ValueError sklearn.InvalidParameterError",
        r"The '(?P<name>\w+)' parameter of [\w.]+ must be (?P<wanted>.*?)\. Got (?P<got>.*?) instead",
        _must_be,
    ),
    rule(
        "ValueError",
        r"needs samples of at least 2 classes|The number of classes has to be greater than one|contains only one class|Only one class present",
        "y has one value only: there is nothing to tell apart",
    ),
    rule(
        "ValueError",
        r"Unknown label type: .*continuous",
        "a classifier wants classes in y, and numbers with fractions came: a regressor predicts numbers",
    ),
    rule(
        "ValueError",
        r"n_splits=(\d+) cannot be greater than|Cannot have number of splits n_splits=(\d+)|Cannot have number of folds",
        "there are fewer samples, or fewer of one class, than folds: pass a smaller cv: or n_splits:",
    ),
    rule(
        "ValueError",
        r"least populated class(?:es)? in y ha(?:s|ve) only 1 member|minimum number of groups for any class cannot be less than 2",
        "a class with one sample cannot be divided: leave it out, or leave stratify out",
    ),
    rule(
        "ValueError",
        r"test_size=.* should be (?:either positive|greater)|resulting train set will be empty|With n_samples=",
        "test_size is a share between 0 and 1, or a number of samples smaller than all",
    ),
    rule(
        "ValueError",
        r"n_samples=(\d+) should be >= n_clusters=(\d+)|n_samples=(\d+) .*n_clusters=(\d+)",
        "there are more clusters than samples: pass a smaller n_clusters",
    ),
    rule(
        "ValueError",
        r"Expected n_neighbors <= n_samples",
        "there are fewer samples than neighbours: pass a smaller n_neighbors",
    ),
    rule(
        "ValueError",
        r"n_components=(\S+) must be between 0 and .*?=(\d+)|n_components.*must be",
        "there are no more components than features, nor than samples: pass a smaller n_components",
    ),
    rule(
        "ValueError",
        r"Target is (\w+) but average='binary'",
        'there are more than two classes: average: "macro", "micro" or "weighted" says how to make one number of them',
    ),
    rule(
        "ValueError",
        r"Classification metrics can't handle a mix of (\S+) and (\S+) targets",
        "classes and numbers are mixed: predict gives classes, predict_proba shares",
    ),
    rule("ValueError", r"pos_label=(\S+) is not a valid label", "pos_label: is one of the labels in y"),
    rule(
        "ValueError",
        r"Unknown (?:scorer|scoring)|'(?P<name>\w+)' is not a valid scoring value",
        lambda case, match: _scorer(match),
    ),
    rule(
        "ValueError",
        r"Solver (\w+) supports only|Unsupported set of arguments|solver .* penalty",
        'solver and penalty do not go together: "saga" and "liblinear" know l1, "lbfgs" l2, "saga" elasticnet',
    ),
    rule(
        "TypeError",
        r"should be an estimator implementing 'fit'|does not implement the '?fit|Last step of Pipeline should implement|All intermediate steps should be transformers",
        'steps are pairs of a name and an estimator (refs): [[{{"scale", scaler}}, {{"model", model}}]]; all but the last are transformers',
    ),
    rule(
        "TypeError",
        r"Cannot clone object '?(.*?)'? \(type",
        "an estimator is needed: make one with as: :ref and pass the ref",
    ),
    rule(
        "TypeError",
        r"(?:A )?sparse (?:matrix|data|array) was passed, but dense",
        "make it dense: toarray, or sparse_output: false in the encoder",
    ),
    rule(
        "ValueError",
        r"empty vocabulary",
        "the texts have no words but stop words, or are one string where a list of texts is needed",
    ),
    rule(
        "ValueError",
        r"Iterable over raw text documents expected, string object received",
        'pass a list of texts: [["first text", "second"]]',
    ),
    rule(
        "AttributeError",
        r"'(list|int|float|dict)' object has no attribute '(lower|strip)'",
        'the texts are strings in one list: ["first text", "second"], not words in lists',
    ),
    rule(
        "ValueError",
        r"Negative values in data|Input X must be non-negative|negative",
        "this takes numbers from 0 on: MinMaxScaler makes them so",
    ),
    rule(
        "ValueError",
        r"Specifying the columns using strings is only supported for (?:pandas )?(?:DataFrames|dataframes)",
        "columns have names in a DataFrame only: pass Envmgr.Frame.new(…), or positions",
    ),
)


def _scorer(match: Any) -> str | None:
    try:
        from sklearn.metrics import get_scorer_names  # type: ignore[import-not-found, unused-ignore]
    except ImportError:
        return None
    names = get_scorer_names()
    found = near(match["name"] or "", names)
    return f'did you mean "{found}"?' if found else f"scorers are {listed(names)}"
