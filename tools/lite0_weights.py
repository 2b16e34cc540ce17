"""Pack EfficientNet-Lite0 for the published page: batch norm folded in, few bits for each weight.

    python tools/lite0_weights.py [lite0.bin]

The book's build calls :func:`packed`; by itself the script writes the file, and says its size. A
kernel and the batch normalisation behind it are one linear map, so they become one kernel and a
bias. Each output channel k then has a scale of its own, and its weights are whole numbers: with b
bits from −(2^(b−1) − 1) to 2^(b−1) − 1, where the largest |w_k| lands.

8 bits for all would change the best guess of one picture in seven, and float16 would take 9.3 MB.
So b differs from layer to layer (:func:`bits`): a small layer gets more, since there they cost
little. And the bias takes back what rounding does to a layer's answers on the whole
(:func:`means`).

Unzipped, the file has no header, since `book/_live/lite0.js` knows all layers and their shapes. It
is, in the order of the layers and little-endian: for each layer its scales and its biases, float32;
then all kernels, in Keras's order of axes, as whole numbers of 16 bits whose lowest 16 − b are 0:
first the upper bytes of all of them, then the lower bytes. Zipped, the zeros take no room.
"""

import sys
import zlib
from collections.abc import Mapping
from math import erf, pi
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parent.parent
SOURCE = ROOT / "cnnlab" / "architectures" / "data" / "efficientnet_lite0.npz"
EPSILON = 1e-3  # of batch normalisation
FEWEST, MOST = 8, 16  # bits
NOISE = 2.0**-34.8  # chosen so that the file has less than 5.5 MB
GZIP = 31  # zlib's word for its own window and gzip's frame


def folded(arrays: Mapping[str, np.ndarray]) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """For each layer, in order, its kernel with the channels of the output last, and its bias.

    ``(f, f, C)`` is a depthwise kernel, which has one filter for each channel.
    """
    found = {}
    for name in (key.removesuffix("/kernel") for key in arrays if key.endswith("/kernel")):
        kernel = arrays[f"{name}/kernel"].astype(np.float64)
        if name.endswith("depthwise"):
            kernel = kernel[..., 0]  # (f, f, C)
        if f"{name}/bias" in arrays:
            found[name] = kernel, arrays[f"{name}/bias"].astype(np.float64)
            continue
        gamma, beta, mean, variance = (
            arrays[f"{name}_bn/{key}"].astype(np.float64)
            for key in ("gamma", "beta", "moving_mean", "moving_variance")
        )
        factor = gamma / np.sqrt(variance + EPSILON)  # (C,)
        found[name] = kernel * factor, beta - mean * factor
    return found


def rounded(kernel: np.ndarray, b: int) -> tuple[np.ndarray, np.ndarray]:
    """A kernel as whole numbers of b bits, and the scale of each of its output channels."""
    largest = 2 ** (b - 1) - 1
    most = np.abs(kernel).max(axis=tuple(range(kernel.ndim - 1)))  # (C,)
    scale = np.where(most > 0, most / largest, 1)
    return np.round(kernel / scale).astype(np.int64), scale


def bits(kernel: np.ndarray) -> int:
    """How many bits the weights of a layer get.

    Rounding adds noise, a share r · 4^−b of the kernel's energy, and what a layer adds to the
    network's answer goes with this share. At a given size of the file, the noise of all layers
    together is least where each one's is in proportion to its number of weights: r · 4^−b = n · N.
    """
    q, scale = rounded(kernel, MOST)
    share = ((q * scale - kernel) ** 2).sum() / (kernel**2).sum() * 4.0**MOST
    return int(np.clip(round(np.log2(share / (kernel.size * NOISE)) / 2), FEWEST, MOST))


def means(arrays: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """What goes into each layer, on the average over pictures and places, for each channel.

    No picture is needed: before the activation, a channel is about normal, and batch normalisation
    keeps its mean and deviation. M. Nagel et al., Data-free quantization through weight
    equalization and bias correction, ICCV 2019.
    """
    x, found = np.zeros(3), {}
    for name in (key.removesuffix("/kernel") for key in arrays if key.endswith("/kernel")):
        if name.endswith("_expand"):
            block = x  # what the short cut carries
        found[name] = x
        if name == "classifier":
            continue
        beta, gamma = (arrays[f"{name}_bn/{key}"].astype(np.float64) for key in ("beta", "gamma"))
        if name.endswith("_project"):
            x = beta if "block1_" in name else beta + block
        else:
            x = above_0(beta, gamma) - above_0(beta - 6, gamma)  # of ReLU6
    return found


def above_0(mean: np.ndarray, deviation: np.ndarray) -> np.ndarray:
    """The mean of max(x, 0), x being normal."""
    deviation = np.abs(deviation) + 1e-12
    z = mean / deviation
    below = (1 + np.vectorize(erf)(z / np.sqrt(2))) / 2
    return mean * below + deviation * np.exp(-z * z / 2) / np.sqrt(2 * pi)


def answer(kernel: np.ndarray, x: np.ndarray) -> np.ndarray:
    """What a kernel answers where each channel of its input is the same everywhere."""
    if kernel.ndim == 3:  # depthwise
        return kernel.sum(axis=(0, 1)) * x
    window = tuple(range(kernel.ndim - 2))
    return x @ kernel.sum(axis=window)


def packed() -> bytes:
    """The whole network, as the page asks for it."""
    with np.load(SOURCE) as arrays:
        layers, inputs = folded(arrays), means(arrays)
    floats, kernels = [], []
    for name, (kernel, bias) in layers.items():
        b = bits(kernel)
        q, scale = rounded(kernel, b)
        bias = bias - answer(q * scale - kernel, inputs[name])
        left = 2 ** (MOST - b)
        floats.append(np.concatenate([scale / left, bias]).astype("<f4"))
        kernels.append((q * left).astype("<i2").ravel())
    planes = np.concatenate(kernels).view(np.uint8).reshape(-1, 2).T  # lower bytes, upper bytes
    zipped = zlib.compressobj(9, zlib.DEFLATED, GZIP, 9, zlib.Z_HUFFMAN_ONLY)
    parts = (np.concatenate(floats).tobytes(), planes[1].tobytes(), planes[0].tobytes())
    return b"".join([*map(zipped.compress, parts), zipped.flush()])


if __name__ == "__main__":
    data = packed()
    if sys.argv[1:]:
        Path(sys.argv[1]).write_bytes(data)
    print(f"{len(data):,} bytes")
