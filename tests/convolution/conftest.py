"""The lecture's images."""

import numpy as np
import pytest

IMAGE = """
3 0 1 2 7 4
1 5 8 9 3 1
2 7 2 5 1 3
0 1 3 1 7 8
4 2 1 6 2 8
2 4 5 2 3 9
"""


@pytest.fixture
def six() -> np.ndarray:
    """The 6×6 image of the first example."""
    return np.array([line.split() for line in IMAGE.split("\n") if line]).astype(float)
