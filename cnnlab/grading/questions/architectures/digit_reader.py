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
    first_bias: bool = True,
    dropout: float = 0,
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
    orders = {
        "before": norm,
        "after": norm[::-1],
        "between": [L.ReLU(), *norm],
        "no ReLU": norm[:1],
    }
    return keras.Sequential(
        [
            keras.Input(shape),
            L.Conv2D(8, 5, padding=paddings[0], activation="relu", use_bias=first_bias),
            getattr(L, pooling)(2),
            L.Conv2D(16, 3, padding=paddings[1], use_bias=bias),
            *orders[normalized],
            getattr(L, pooling)(2),
            getattr(L, flat)(),
            *(L.Dense(count, activation=hidden) for count in units),
            *([L.Dropout(dropout)] if dropout else []),
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


def reader_in_parts() -> Any:
    """Features and head are Sequentials of their own, with another epsilon."""

    def digit_reader():
        import keras
        from keras import layers as L

        seen = [L.Conv2D(8, 5, activation="relu"), L.MaxPooling2D()]
        conv = L.Conv2D(16, 3, padding="same", use_bias=False)
        block = keras.Sequential([conv, L.BatchNormalization(epsilon=1e-5), L.ReLU()])
        features = keras.Sequential([*seen, block, L.MaxPooling2D()])
        head = [L.Dense(40, "relu"), L.Dense(24, "relu"), L.Dense(10, "softmax")]
        parts = [features, L.Flatten(), keras.Sequential(head)]
        return keras.Sequential([keras.Input((28, 20, 1)), *parts])

    return digit_reader


def reader_of_its_own() -> Any:
    """A class, which is told the shape of its images when it is built."""

    def digit_reader():
        import keras
        from keras import layers as L

        class Reader(keras.Model):
            def __init__(self):
                super().__init__()
                self.first = L.Conv2D(8, 5, activation="relu")
                self.second = L.Conv2D(16, 3, padding="same", use_bias=False)
                self.norm, self.pool = L.BatchNormalization(), L.MaxPooling2D()
                self.head = keras.Sequential(
                    [L.Flatten(), L.Dense(40, "relu"), L.Dense(24, "relu")]
                )
                self.last = L.Dense(10, activation="softmax")

            def call(self, x):
                x = self.norm(self.second(self.pool(self.first(x))))
                return self.last(self.head(self.pool(keras.ops.relu(x))))

        net = Reader()
        net.build((None, 28, 20, 1))
        return net

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
            "ReLU before and after batch normalisation",
            lambda: reader_facts(normalized="between"),
            "There is a ReLU on both sides of the normalisation. In the table the convolution has"
            " none of its own.",
        ),
        Wrong(
            "no ReLU after batch normalisation",
            lambda: reader_facts(normalized="no ReLU"),
            "Nothing comes between the normalisation and the pooling. The table has a row there.",
        ),
        Wrong(
            "dropout added",
            lambda: reader_facts(dropout=0.5),
            "Your network has a dropout more. It does nothing when the network predicts, but it"
            " changes training, and the table has none.",
        ),
        Wrong(
            "no bias in the first convolution",
            lambda: reader_facts(first_bias=False),
            "Your network has a few parameters too few: compare the first convolution with the"
            " table.",
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
    alternatives=(reader_functional, reader_in_parts, reader_of_its_own),
)
