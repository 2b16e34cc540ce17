"""A network to a given table."""

from typing import Any

from cnnlab.grading.question import (
    PROBED,
    Question,
    Wrong,
    no_arguments,
)


def built_reader(
    *,
    shape: tuple[int, int, int] = (28, 20, 1),
    paddings: tuple[str, str] = ("valid", "same"),
    bias: bool = False,
    normalized: str = "before",
    pooling: str = "MaxPooling2D",
    flat: str = "Flatten",
    units: tuple[int, int] = (40, 24),
    hidden: str | None = "relu",
    end: str | None = "softmax",
) -> Any:
    """The network of the table; the options are the ways to get it wrong."""
    import keras
    from keras import layers as L

    norm = [L.BatchNormalization(), L.ReLU()]
    return keras.Sequential(
        [
            keras.Input(shape),
            L.Conv2D(8, 5, padding=paddings[0], activation="relu"),
            getattr(L, pooling)(2),
            L.Conv2D(16, 3, padding=paddings[1], use_bias=bias),
            *(norm if normalized == "before" else norm[::-1]),
            getattr(L, pooling)(2),
            getattr(L, flat)(),
            *(L.Dense(count, activation=hidden) for count in units),
            L.Dense(10, activation=end),
        ]
    )


def reader_facts(**mistake: Any) -> dict[str, Any]:
    from cnnlab.grading.networks import facts

    return facts(built_reader(**mistake))


def reader_functional() -> Any:
    def digit_reader():
        import keras
        from keras import layers as L

        image = keras.Input((28, 20, 1))
        x = L.Activation("relu")(L.Conv2D(8, (5, 5))(image))
        x = L.MaxPool2D()(x)
        x = L.BatchNormalization()(L.Conv2D(16, (3, 3), padding="same", use_bias=False)(x))
        x = L.MaxPool2D()(L.Activation("relu")(x))
        x = L.Reshape((6 * 4 * 16,))(x)
        for units in (40, 24):
            x = L.ReLU()(L.Dense(units)(x))
        return keras.Model(image, L.Softmax()(L.Dense(10)(x)))

    return digit_reader


QUESTION = Question(
    id="digit_reader",
    room="architectures",
    title="A network to a given table",
    points=3,
    level=2,
    kind="network",
    cases=no_arguments,
    oracle=reader_facts,
    tolerance=PROBED,
    wrong=(
        Wrong(
            "first convolution padded",
            lambda: reader_facts(paddings=("same", "same")),
            "The first convolution keeps the size. In the table it makes the image smaller: see"
            " which padding gives that.",
        ),
        Wrong(
            "second convolution not padded",
            lambda: reader_facts(paddings=("valid", "valid")),
            "The second convolution makes the image smaller. In the table it keeps the size: see"
            " which padding gives that.",
        ),
        Wrong(
            "bias before batch normalisation",
            lambda: reader_facts(bias=True),
            "Your network has a few parameters too many. Where batch normalisation follows, β does"
            " the work of a bias: compare the second convolution with the table.",
        ),
        Wrong(
            "ReLU before batch normalisation",
            lambda: reader_facts(normalized="after"),
            "The ReLU comes before the normalisation. In the table it comes after it.",
        ),
        Wrong(
            "average pooling",
            lambda: reader_facts(pooling="AveragePooling2D"),
            "The pooling takes means. The table says max pooling.",
        ),
        Wrong(
            "global average in place of flatten",
            lambda: reader_facts(flat="GlobalAveragePooling2D"),
            "You take the mean of each channel before the dense layers. The table keeps all numbers"
            " of the volume.",
        ),
        Wrong(
            "dense layers swapped",
            lambda: reader_facts(units=(24, 40)),
            "The two hidden dense layers are in the wrong order.",
        ),
        Wrong(
            "no ReLU in the dense layers",
            lambda: reader_facts(hidden=None),
            "The hidden dense layers have no activation. Without one, three dense layers are no"
            " more than one.",
        ),
        Wrong(
            "softmax missing",
            lambda: reader_facts(end=None),
            "The last layer gives scores, and the table asks for probabilities.",
        ),
        Wrong(
            "sigmoid in place of softmax",
            lambda: reader_facts(end="sigmoid"),
            "The last layer ends in a sigmoid. Each digit then has a probability of its own, and"
            " they do not add up to 1.",
        ),
        Wrong(
            "height and width swapped",
            lambda: reader_facts(shape=(20, 28, 1)),
            "Height and width of the input are swapped: height comes first.",
        ),
    ),
    alternatives=(reader_functional,),
)
