"""What `import cnnlab` costs, and what it must not bring along."""

import subprocess
import sys

import cnnlab

HEAVY = ("tensorflow", "keras", "jax", "matplotlib", "scipy", "skimage", "anywidget")

PROBE = """
import sys, time
import numpy  # the one thing that the first room may need
start = time.process_time()
import cnnlab, cnnlab.convolution
print(time.process_time() - start, *sorted({name.partition('.')[0] for name in sys.modules}))
"""


def probe() -> tuple[float, set[str]]:
    done = subprocess.run([sys.executable, "-c", PROBE], capture_output=True, text=True, check=True)
    seconds, *modules = done.stdout.split()
    return float(seconds), set(modules)


def test_import_is_light():
    """In seconds of the processor, the best of three: it takes 0.04 alone, 0.05 beside others."""
    runs = [probe() for _ in range(3)]
    for _, modules in runs:
        assert not set(HEAVY) & modules
    assert min(seconds for seconds, _ in runs) < 0.3


def test_version_is_the_installed_one():
    from importlib.metadata import version

    assert cnnlab.__version__ == version("cnnlab")
