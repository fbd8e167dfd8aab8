"""erf within 2 units in the last place, of mpmath's 40 digits in float64, of float64's in float32."""

import mpmath
import numpy as np
import pytest
from neoxja_np.layers.erf import erf


def test_float64_is_within_2_ulp() -> None:
    rng = np.random.default_rng(0)
    x = np.concatenate([rng.uniform(0, 6.2, 4000), 10.0 ** rng.uniform(-307, 1, 2000), rng.uniform(0.95, 1.05, 2000),
                        [0.0, 1.0, np.nextafter(1, 2), 6.0, 26.0, 1e300]])
    with mpmath.workdps(40):
        exact = [mpmath.erf(mpmath.mpf(float(value))) for value in x]
        ulps = [abs(mpmath.mpf(float(got)) - true) / mpmath.mpf(float(np.spacing(float(true))))
                for got, true in zip(erf(x), exact, strict=True)]
    assert max(ulps) <= 2


def test_float32_is_within_2_ulp() -> None:
    bits = np.arange(0, np.float32(7.0).view(np.uint32), 1021, dtype=np.uint32)  # every 1021st float up to 7
    x = bits.view(np.float32)
    exact = erf(x.astype(np.float64))  # itself within 2 ulp of float64, which are 4e-9 of float32's
    assert (np.abs(erf(x) - exact) <= 2 * np.spacing(exact.astype(np.float32))).all()


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_it_is_odd_and_ends_at_1(dtype: type) -> None:
    x = np.array([0.0, 5e-324, 0.3, 1.0, 1.5, 7.0, np.inf], dtype)
    assert (erf(-x) == -erf(x)).all()
    assert erf(x)[-2:].tolist() == [1.0, 1.0]
    assert np.signbit(erf(np.array([-0.0], dtype)))[0]
    assert np.isnan(erf(np.array([np.nan], dtype)))[0]
    assert erf(x).dtype == dtype


def test_any_shape() -> None:
    x = np.linspace(-3, 3, 24).reshape(2, 3, 4)
    for part in (x, x[0].T, x[:, ::2], x[0, 0, 0], x[:, :0]):
        one_by_one = [erf(np.array([value]))[0] for value in np.ravel(part)]
        assert np.array_equal(erf(part), np.reshape(one_by_one, np.shape(part)))
