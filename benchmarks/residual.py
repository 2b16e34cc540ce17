"""The page about ResNet: training errors by depth, gradients, and other optimizers."""

from collections.abc import Callable, Sequence
from pathlib import Path

import keras
import numpy as np

from benchmarks import Numbers, over_seeds
from benchmarks.page import BOOK, SEEDS, run_page
from cnnlab.architectures import resnet_cifar
from cnnlab.data import digits

PAGE = BOOK / "architectures" / "resnet.md"
KINDS = {"plain": False, "residual": True}
DEPTHS = (8, 32)
NAMES = [
    *(f"{kind}_{depth}" for kind in KINDS for depth in DEPTHS),
    *(f"{what}_{kind}" for what in ("growth", "agree") for kind in KINDS),
]
OPTIMIZERS = {
    "SGD, learning rate 0.01": lambda: keras.optimizers.SGD(0.01, momentum=0.9),
    "Adam, learning rate 0.003": lambda: keras.optimizers.Adam(0.003),
}


def run(page: Path = PAGE, seeds: Sequence[int] = SEEDS, epochs: int = 5) -> dict:
    """What the page finds, and the training error of the deepest networks with other optimizers.

    Parameters
    ----------
    page
        It leaves the training errors ``plain_8`` to ``residual_32`` behind, how much gradients
        grow on the way back (``growth_plain``), and the cosine between those of two batches
        (``agree_plain``).
    seeds
        One run of everything for each.
    epochs
        Of training with the other optimizers: as many as on the page.
    """
    found = run_page(page, NAMES, seeds)
    return {
        "page": {name: found[name] for name in NAMES},
        "optimizers": {
            name: {kind: _errors(kind, make, seeds, epochs) for kind in KINDS}
            for name, make in OPTIMIZERS.items()
        },
    }


def _errors(kind: str, optimizer: Callable, seeds: Sequence[int], epochs: int) -> Numbers:
    """Share of the training digits misread in the last epoch, in the page's setting."""
    (x, y), _ = digits()
    x = x[:, 2:26, 2:26].reshape(-1, 8, 3, 8, 3, 1).mean(axis=(2, 4))  # (4000, 8, 8, 1)
    errors = []
    for seed in seeds:
        keras.utils.set_random_seed(seed)
        net = resnet_cifar(DEPTHS[-1], x.shape[1:], filters=8, residual=KINDS[kind])
        net.compile(
            optimizer(), "sparse_categorical_crossentropy", metrics=["accuracy"], jit_compile=False
        )
        net.optimizer.build(net.trainable_variables)
        history = net.fit(x, y, batch_size=128, epochs=epochs, verbose=0).history
        errors.append(float(1 - np.asarray(history["accuracy"])[-1]))
    return over_seeds(errors)
