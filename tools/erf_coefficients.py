"""Writes neoxja_np/layers/erf_coefficients.py: near-minimax polynomials for erf, by mpmath.

    python -m tools.erf_coefficients            # needs mpmath

Two pieces a precision. Up to x = 1, erf(x) / x - 1 as a polynomial in x²: its values are small, so
its rounding errors are too once x is added back. Above it, exp(x²) erfc(x) as a polynomial in
t = (x - 2) / (x + 2), which turns the slow tail into a short interval. The degrees are the smallest
whose error is well under half a unit in the last place of erf.
"""

import textwrap
from pathlib import Path
from typing import Any

import mpmath

TARGET = Path(__file__).resolve().parents[1] / "neoxja_np" / "layers" / "erf_coefficients.py"
DEGREES = {"float32": (6, 8), "float64": (11, 15)}
HEADER = '''\
"""Coefficients for erf, highest power first. Written by tools/erf_coefficients.py: do not edit.

NEAR_ZERO[dtype]: erf(x) / x - 1 in powers of x², for |x| <= 1.
Largest error {near}.
TAIL[dtype]: exp(x²) erfc(x) in powers of t = (x - 2) / (x + 2), for 1 <= x <= 6.
Largest error {tail}.
"""
'''


def near_zero(square: Any) -> Any:
    """erf(x) / x - 1 as a function of x², with its limit 2 / sqrt(pi) - 1 at zero."""
    x = mpmath.sqrt(square)
    return (mpmath.erf(x) / x if x else 2 / mpmath.sqrt(mpmath.pi)) - 1


def tail(t: Any) -> Any:
    """exp(x²) erfc(x) as a function of t = (x - 2) / (x + 2)."""
    x = 2 * (1 + t) / (1 - t)
    return mpmath.exp(x * x) * mpmath.erfc(x)


def table(
    name: str, function: Any, interval: list[Any], degrees: dict[str, int]
) -> tuple[str, str]:
    """The Python source of one table and the largest error of each of its polynomials."""
    lines, errors = [f"\n{name} = {{"], []
    for dtype, degree in degrees.items():
        coefficients, error = mpmath.chebyfit(function, interval, degree + 1, error=True)
        digits = {"float32": 10, "float64": 18}[dtype]
        numbers = [mpmath.nstr(c, digits, min_fixed=0, max_fixed=0) for c in coefficients]
        entry = textwrap.fill(f'"{dtype}": ({", ".join(numbers)}),', 100, initial_indent=" " * 4,
                              subsequent_indent=" " * 8, break_on_hyphens=False)
        lines.append(entry)
        errors.append(mpmath.nstr(error, 2))
    return "\n".join([*lines, "}"]), " and ".join(errors)


def main() -> None:
    mpmath.mp.dps = 50
    to_t = lambda x: mpmath.mpf(x - 2) / (x + 2)  # noqa: E731 - a formula, not a function
    near_degrees, far_degrees = ({d: n[i] for d, n in DEGREES.items()} for i in (0, 1))
    near, near_error = table("NEAR_ZERO", near_zero, [0, 1], near_degrees)
    far, far_error = table("TAIL", tail, [to_t(1), to_t(6)], far_degrees)
    header = HEADER.format(near=near_error, tail=far_error)
    TARGET.write_text(header + near + "\n" + far + "\n", encoding="utf-8")
    print(f"wrote {TARGET.name}: near zero {near_error}, tail {far_error}")


if __name__ == "__main__":
    main()
