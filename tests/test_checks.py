"""The whole, as it is, passes every check."""

import pytest
from tests.checks import CHECKS


@pytest.mark.parametrize("name", CHECKS)
def test_check(name: str) -> None:
    CHECKS[name]()
