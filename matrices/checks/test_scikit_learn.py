"""What callers do with scikit-learn. Run in a cell's interpreter: it has scikit-learn and pytest."""

import numpy
import pytest
from sklearn.datasets import load_iris
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.model_selection import cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler


def test_a_line_is_found():
    x = numpy.arange(20.0).reshape(-1, 1)
    fitted = LinearRegression().fit(x, 3 * x.ravel() + 1)
    assert (fitted.coef_[0], fitted.intercept_) == (pytest.approx(3), pytest.approx(1))


def test_a_pipeline_tells_irises_apart():
    x, y = load_iris(return_X_y=True)
    scores = cross_val_score(make_pipeline(StandardScaler(), LogisticRegression(max_iter=500)), x, y, cv=3)
    assert scores.mean() > 0.9


def test_parameters_can_be_read_and_set():
    model = LogisticRegression().set_params(C=0.5)
    assert model.get_params()["C"] == 0.5


def test_what_was_not_fitted_says_so():
    with pytest.raises(NotFittedError):
        LinearRegression().predict([[1.0]])
