"""A network of layers, a loss, gradient descent, and the loop that puts them together."""

import time
from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from cnnlab.checks import array, whole
from cnnlab.convolution.layers import Layer, Shape

PREDICT_BATCH = 256  # images at a time: more would only take more memory

History = dict[str, list[float]]
Examples = tuple[np.ndarray, np.ndarray]


class Sequential:
    """Layers one after the other.

    Parameters
    ----------
    layers
        The layers, first to last.
    input_shape
        Shape of one input, such as ``(28, 28, 1)``.
    seed
        For the first weights.

    Attributes
    ----------
    shapes
        Shape of one output of each layer.

    Raises
    ------
    ValueError
        If the output of a layer does not fit the next; it says which.
    """

    def __init__(self, layers: Sequence[Layer], input_shape: Shape, seed: int) -> None:
        self.layers = list(layers)
        self.input_shape = shape = tuple(input_shape)
        self.shapes: list[Shape] = []
        rng = np.random.default_rng(seed)
        for i, layer in enumerate(self.layers):
            try:
                shape = layer.build(shape, rng)
            except ValueError as error:
                raise ValueError(f"layers[{i}], {type(layer).__name__}: {error}") from error
            self.shapes.append(shape)

    def forward(self, x: ArrayLike) -> np.ndarray:
        """The output for a batch ``(N, *input_shape)``: one score for each class, not yet softmax.

        Each layer keeps what its `backward` will need.
        """
        axes = ", ".join(["N", *map(str, self.input_shape)])
        x = array("x", x, axes)
        if x.shape[1:] != self.input_shape:
            raise ValueError(f"x has shape {x.shape}; expected ({axes})")
        for layer in self.layers:
            x = layer.forward(x)
        return x

    def backward(self, dy: np.ndarray) -> np.ndarray:
        """From the gradient of the loss by the output to the gradient by the input."""
        for layer in reversed(self.layers):
            dy = layer.backward(dy)
        return dy

    def predict(self, x: ArrayLike) -> np.ndarray:
        """The scores of `forward` for any number of inputs, a batch at a time: ``(N, classes)``."""
        batches = range(0, len(x), PREDICT_BATCH)
        return np.concatenate([self.forward(x[i : i + PREDICT_BATCH]) for i in batches])

    def parameters(self) -> list[np.ndarray]:
        """All that is learned: the arrays themselves, to be changed in place."""
        return [p for layer in self.layers for p in layer.parameters.values()]

    def gradients(self) -> list[np.ndarray]:
        """The gradients of the last `backward`, in the order of `parameters`."""
        return [layer.gradients[name] for layer in self.layers for name in layer.parameters]


def softmax(scores: np.ndarray) -> np.ndarray:
    """Scores ``(N, classes)`` as probabilities: positive, and each row adds up to 1."""
    return np.exp(_log_softmax(scores))


def _log_softmax(scores: np.ndarray) -> np.ndarray:
    shifted = scores - scores.max(axis=1, keepdims=True)  # exp never overflows, nothing changes
    return shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))


class SoftmaxCrossEntropy:
    """How surprised a network is by the right answers: the mean of −log p(right class)."""

    def forward(self, scores: np.ndarray, labels: np.ndarray) -> float:
        """The loss, from scores ``(N, classes)`` and the numbers of the right classes, ``(N,)``."""
        scores = array("scores", scores, "N, classes")
        N, classes = scores.shape
        labels = np.asarray(labels)
        if labels.shape != (N,) or labels.dtype.kind not in "iu":
            raise ValueError(
                f"labels has shape {labels.shape}, {labels.dtype}; expected ({N},), integers"
            )
        if labels.min() < 0 or labels.max() >= classes:
            raise ValueError(
                f"labels has numbers from {labels.min()} to {labels.max()};"
                f" expected 0 to {classes - 1}"
            )
        self.log_p, self.right = _log_softmax(scores), (np.arange(N), labels)
        return -float(self.log_p[self.right].mean())

    def backward(self) -> np.ndarray:
        """The gradient by the scores: the probabilities, minus 1 at the right class, over N."""
        gradient = np.exp(self.log_p)
        gradient[self.right] -= 1
        return gradient / len(gradient)


class SGD:
    """Gradient descent with momentum.

    Each parameter has a velocity. It fades by the factor `momentum`, and the gradient pushes it
    downhill: ``v ← momentum · v − learning_rate · gradient``, then ``parameter ← parameter + v``.

    Parameters
    ----------
    learning_rate
        Positive.
    momentum
        From 0, which is plain gradient descent, to below 1.
    """

    def __init__(self, learning_rate: float, momentum: float = 0.0) -> None:
        if not learning_rate > 0:
            raise ValueError(f"learning_rate is {learning_rate!r}; expected a positive number")
        if not 0 <= momentum < 1:
            raise ValueError(f"momentum is {momentum!r}; expected a number from 0 to below 1")
        self.learning_rate, self.momentum = learning_rate, momentum
        self.velocities: list[np.ndarray] = []

    def step(self, parameters: Sequence[np.ndarray], gradients: Sequence[np.ndarray]) -> None:
        """Change the parameters in place. Give the same ones, in the same order, every time."""
        if not self.velocities:
            self.velocities = [np.zeros_like(p) for p in parameters]
        for p, g, v in zip(parameters, gradients, self.velocities, strict=True):
            v *= self.momentum
            v -= self.learning_rate * g
            p += v


def evaluate(model: Sequential, x: ArrayLike, y: np.ndarray) -> tuple[float, float]:
    """Loss, and the share of inputs whose highest score is that of the right class."""
    scores = model.predict(x)
    return SoftmaxCrossEntropy().forward(scores, y), float((scores.argmax(axis=1) == y).mean())


def fit(
    model: Sequential,
    x: np.ndarray,
    y: np.ndarray,
    epochs: int,
    batch_size: int,
    optimizer: SGD,
    seed: int,
    validation: Examples | None = None,
    verbose: bool = True,
) -> History:
    """Train a classifier.

    Parameters
    ----------
    model
        Its last layer gives one score for each class.
    x, y
        Inputs ``(N, *input_shape)`` and the numbers of their classes, ``(N,)``.
    epochs
        How many times to go through all of them.
    batch_size
        Inputs for each step; the last batch of an epoch has what is left.
    optimizer
        Its velocities are kept, so `fit` can be called again to go on.
    seed
        For the order of the inputs, which is another in each epoch.
    validation
        ``(x, y)`` to measure after each epoch, never to learn from.
    verbose
        Print a line after each epoch, at most 60 characters: loss and accuracy, each with that of
        the validation after an arrow.

    Returns
    -------
    dict
        Lists with a number for each epoch that was completed: ``"loss"`` and ``"accuracy"``, the
        mean over the batches while they trained; ``"val_loss"`` and ``"val_accuracy"`` where there
        is `validation`; and ``"seconds"``. Interrupted from the keyboard, it returns what it has,
        and the model keeps what it learned.

    Raises
    ------
    ValueError
        If x and y differ in length, or a number is out of range.
    """
    whole("epochs", epochs, 1)
    whole("batch_size", batch_size, 1)
    if len(x) != len(y):
        raise ValueError(f"y has {len(y)} labels; expected {len(x)}, one for each input in x")
    rng = np.random.default_rng(seed)
    history: History = {}
    try:
        for epoch in range(1, epochs + 1):
            start = time.perf_counter()
            row = {}
            row["loss"], row["accuracy"] = _epoch(model, x, y, batch_size, optimizer, rng)
            if validation is not None:
                row["val_loss"], row["val_accuracy"] = evaluate(model, *validation)
            row["seconds"] = time.perf_counter() - start
            for name, value in row.items():
                history.setdefault(name, []).append(value)
            if verbose:
                print(f"epoch {epoch}/{epochs}  {_line(row)}")
    except KeyboardInterrupt:
        pass
    return history


def _line(row: dict[str, float]) -> str:
    """An epoch's numbers: the loss, → that of the validation, and the accuracy alike."""
    parts = []
    for name in ("loss", "accuracy"):
        numbers = [row[key] for key in (name, f"val_{name}") if key in row]
        parts.append(f"{name} {' → '.join(f'{number:.3f}' for number in numbers)}")
    return "  ".join([*parts, f"{row['seconds']:.0f} s"])


def _epoch(
    model: Sequential,
    x: np.ndarray,
    y: np.ndarray,
    batch_size: int,
    optimizer: SGD,
    rng: np.random.Generator,
) -> tuple[float, float]:
    """Go through all inputs once, in a random order; mean loss and accuracy on the way."""
    criterion = SoftmaxCrossEntropy()
    loss = correct = 0.0
    order = rng.permutation(len(x))
    for i in range(0, len(x), batch_size):
        batch = order[i : i + batch_size]
        scores = model.forward(x[batch])
        loss += criterion.forward(scores, y[batch]) * len(batch)
        correct += (scores.argmax(axis=1) == y[batch]).sum()
        model.backward(criterion.backward())
        optimizer.step(model.parameters(), model.gradients())
    return loss / len(x), float(correct / len(x))
