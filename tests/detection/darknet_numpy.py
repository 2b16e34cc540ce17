"""Darknet in NumPy: a weight file, and an interpreter of Darknet's layers, (C, H, W).

Kernels are as they lie in the file.
"""

import struct

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

CLASSES, SHAPE = 2, (64, 96, 3)
OUTPUTS = 3 * (5 + CLASSES)

# cfg/yolov3-tiny.cfg, section by section: filters, size, batch normalisation and leaky or neither;
# size and stride of a pooling; the layers of a route, counted from 0, or backwards from here.
CFG = [
    *[("conv", 16, 3, True), ("max", 2, 2)],
    *[("conv", 32, 3, True), ("max", 2, 2)],
    *[("conv", 64, 3, True), ("max", 2, 2)],
    *[("conv", 128, 3, True), ("max", 2, 2)],
    *[("conv", 256, 3, True), ("max", 2, 2)],
    *[("conv", 512, 3, True), ("max", 2, 1)],
    *[("conv", 1024, 3, True), ("conv", 256, 1, True), ("conv", 512, 3, True)],
    *[("conv", OUTPUTS, 1, False), ("yolo",), ("route", -4)],
    *[("conv", 128, 1, True), ("upsample",), ("route", -1, 8)],
    *[("conv", 256, 3, True), ("conv", OUTPUTS, 1, False), ("yolo",)],
]
INPUTS = (3, 16, 32, 64, 128, 256, 512, 1024, 256, 512, 256, 384, 256)  # of the convolutions


def random_file(seed=0, minor=2) -> bytes:
    """A weight file as Darknet writes it, with every layer's numbers drawn at their real size."""
    rng = np.random.default_rng(seed)
    parts = [struct.pack("<iii", 0, minor, 5), struct.pack("<q" if minor >= 2 else "<i", 32013312)]
    convolutions = [section for section in CFG if section[0] == "conv"]
    for (_, n, f, norm), c in zip(convolutions, INPUTS, strict=True):
        numbers = [rng.normal(0, 0.2, n)]
        if norm:
            numbers += [rng.uniform(0.7, 1.3, n), rng.normal(0, 0.3, n), rng.uniform(0.3, 2, n)]
        numbers.append(rng.normal(0, np.sqrt(2 / (c * f * f)), (n, c, f, f)))
        parts += [part.astype("<f4").tobytes() for part in numbers]
    return b"".join(parts)


def forward(data: bytes, x: np.ndarray) -> list[np.ndarray]:
    """What stands before each [yolo] for the image ``(C, H, W)``, layer by layer, as in the cfg."""
    place, outputs, heads = 20, [], []

    def read(*shape):
        nonlocal place
        count = int(np.prod(shape))
        values = struct.unpack_from(f"<{count}f", data, place)
        place += 4 * count
        return np.array(values).reshape(shape)

    for kind, *numbers in CFG:
        if kind == "conv":
            n, f, norm = numbers
            bias = read(n)
            gamma, mean, variance = (read(n), read(n), read(n)) if norm else (1, 0, 1 - 1e-5)
            kernel = read(n, len(x), f, f)
            x = np.pad(x, ((0, 0), (f // 2, f // 2), (f // 2, f // 2)))
            x = np.tensordot(kernel, sliding_window_view(x, (f, f), (1, 2)), ((1, 2, 3), (0, 3, 4)))
            x = column(gamma) * (x - column(mean)) / np.sqrt(column(variance) + 1e-5) + column(bias)
            x = np.where(norm & (x < 0), 0.1 * x, x)
        elif kind == "max":
            size, stride = numbers
            if stride == 1:
                x = np.pad(x, ((0, 0), (0, 1), (0, 1)), constant_values=-np.inf)
            x = sliding_window_view(x, (size, size), (1, 2))[:, ::stride, ::stride].max((3, 4))
        elif kind == "upsample":
            x = np.kron(x, np.ones((1, 2, 2)))
        elif kind == "route":
            x = np.concatenate([outputs[i] for i in numbers])
        else:
            heads.append(x)
        outputs.append(x)
    assert place == len(data)
    return heads


def column(x) -> np.ndarray:
    return np.reshape(x, (-1, 1, 1))
