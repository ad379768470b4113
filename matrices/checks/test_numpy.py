"""What callers do with NumPy. Run in a cell's interpreter: it has NumPy and pytest."""

import math

import numpy
import pytest


def test_dtypes_have_the_sizes_that_others_rely_on():
    assert [numpy.dtype(name).itemsize for name in ("int8", "float32", "complex128", "datetime64[ns]")] == [
        1,
        4,
        16,
        8,
    ]


def test_scalars_become_numbers():
    assert numpy.mean([1.0, 2.0, 3.0]).item() == 2.0
    assert int(numpy.int64(2) ** 40) == 2**40
    assert math.isnan(float(numpy.float64("nan")))


@pytest.mark.parametrize("order", ["C", "F"])
def test_arrays_are_buffers(order):
    array = numpy.asarray(numpy.arange(12).reshape(3, 4), order=order)
    view = memoryview(array)
    assert (view.shape, view.nbytes) == ((3, 4), array.nbytes)
    assert numpy.array_equal(numpy.frombuffer(array.tobytes(), array.dtype).reshape(3, 4), array)


def test_a_failure_is_told():
    with pytest.raises(numpy.linalg.LinAlgError):
        numpy.linalg.inv(numpy.zeros((2, 2)))


@pytest.mark.timed
def test_sorting():
    array = numpy.random.default_rng(1).random(200_000)
    assert numpy.all(numpy.diff(numpy.sort(array)) >= 0)


@pytest.mark.timed
def test_multiplying_matrices():
    matrix = numpy.random.default_rng(2).random((300, 300))
    assert (matrix @ numpy.linalg.inv(matrix)).trace() == pytest.approx(300)
