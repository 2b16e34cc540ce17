"""conv2d beside TensorFlow's own convolution, and its four methods beside each other."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np

from benchmarks import Numbers, seconds
from cnnlab.convolution import conv2d

METHODS = ("loops", "windows", "im2col", "fft")
REST = 0.05  # seconds before each timing, in which the other library's threads go to sleep


@dataclass(frozen=True)
class Case:
    """Images ``(n, size, size, channels)`` and `filters` filters of f×f, in float32."""

    n: int
    size: int
    channels: int
    filters: int
    f: int

    def arrays(self) -> tuple[np.ndarray, np.ndarray]:
        """Random images and filters."""
        rng = np.random.default_rng(0)
        x = rng.standard_normal((self.n, self.size, self.size, self.channels), np.float32)
        w = rng.standard_normal((self.f, self.f, self.channels, self.filters), np.float32)
        return x, w

    def __str__(self) -> str:
        images = f"{self.n}×{self.size}×{self.size}×{self.channels}"
        return f"{images} → {self.filters} filters {self.f}×{self.f}"


LARGE = Case(n=32, size=64, channels=16, filters=32, f=3)
SMALL = Case(n=2, size=48, channels=8, filters=8, f=3)
FILTER_SIZES = (3, 7, 15)


def run(
    large: Case = LARGE,
    small: Case = SMALL,
    filter_sizes: tuple[int, ...] = FILTER_SIZES,
    repeats: int = 25,
) -> dict:
    """Time im2col beside TensorFlow on the large case, and all methods on the small one."""
    beside = interleaved(contestants(large, ("im2col",)), repeats)
    ratio = beside["im2col"]["median"] / beside["tensorflow"]["median"]
    by_size = {}
    for f in filter_sizes:
        case = replace(small, f=f)
        by_size[str(f)] = interleaved(contestants(case, METHODS), max(repeats // 5, 1))
    return {
        "large": {"case": str(large), "seconds": beside, "im2col/tensorflow": ratio},
        "small": {"case": str(small), "seconds by filter size": by_size},
    }


def contestants(case: Case, methods: tuple[str, ...]) -> dict[str, Callable[[], np.ndarray]]:
    """TensorFlow and our methods on the same arrays, each a function; they are seen to agree."""
    import tensorflow as tf

    x, w = case.arrays()
    x_tf, w_tf = tf.constant(x), tf.constant(w)
    found = {"tensorflow": lambda: tf.nn.conv2d(x_tf, w_tf, 1, "VALID").numpy()}
    for method in methods:
        found[method] = lambda method=method: conv2d(x, w, method=method)
    expected = found["tensorflow"]()
    for method in methods:
        np.testing.assert_allclose(found[method](), expected, rtol=1e-3, atol=1e-3)
    return found


def interleaved(functions: dict[str, Callable[[], object]], repeats: int) -> dict[str, Numbers]:
    """Time the functions in turns, so that whatever else the machine does falls on all alike."""
    timings = {name: [] for name in functions}
    for name in turns(functions, repeats):
        time.sleep(REST)
        start = time.perf_counter()
        functions[name]()
        timings[name].append(time.perf_counter() - start)
    return {name: seconds(runs) for name, runs in timings.items()}


def turns(functions: dict[str, Callable[[], object]], repeats: int) -> Iterator[str]:
    """Every name once for each repeat."""
    for _ in range(repeats):
        yield from functions
