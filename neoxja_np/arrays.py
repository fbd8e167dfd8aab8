"""The two kinds of array that the model handles."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.floating[Any]]  # weights and activations: float32 or float64
IntArray = NDArray[np.int64]       # token ids and positions
