"""A small U-Net to a given table."""

from typing import Any

from cnnlab.grading.question import PROBED, Question, Wrong, no_arguments

SHAPE, CLASSES = (24, 40, 1), 3


def built_unet(
    *,
    shape: tuple[int, int, int] = SHAPE,
    hidden: str | None = "relu",
    convolutions: int = 2,
    pooling: str = "MaxPooling2D",
    skip_after: int = 2,
    up: str = "transposed",
    up_activation: str | None = None,
    join: str = "skip first",
    padding: str = "same",
    end: str | None = "softmax",
) -> Any:
    """The network of the table; the options are the ways to get it wrong."""
    import keras
    from keras import layers as L

    def block(x, filters):
        """Its result, and what goes over to the other side."""
        seen = []
        for _ in range(convolutions):
            x = L.Conv2D(filters, 3, padding=padding, activation=hidden)(x)
            seen.append(x)
        return x, seen[min(skip_after, convolutions) - 1]

    def larger(x, filters):
        if up == "transposed":
            return L.Conv2DTranspose(filters, 2, strides=2, activation=up_activation)(x)
        if up == "wide":
            return L.Conv2DTranspose(filters, 3, strides=2, padding="same")(x)
        x = L.UpSampling2D(2, interpolation=up)(x)
        return L.Conv2D(filters, 2, padding="same")(x)

    def joined(skip, x):
        if join == "x first":
            return L.Concatenate()([x, skip])
        if join == "no skip":
            return L.Concatenate()([x, x])
        return L.Add()([skip, x]) if join == "added" else L.Concatenate()([skip, x])

    image = keras.Input(shape)
    x, first = block(image, 8)
    x, second = block(getattr(L, pooling)(2)(x), 16)
    x, _ = block(getattr(L, pooling)(2)(x), 32)
    x, _ = block(joined(second, larger(x, 16)), 16)
    x, _ = block(joined(first, larger(x, 8)), 8)
    return keras.Model(image, L.Conv2D(CLASSES, 1, activation=end)(x))


def unet_facts(**mistake: Any) -> dict[str, Any]:
    """Without the shapes of single layers: parts of a network may be networks."""
    from cnnlab.grading.networks import facts

    found = facts(built_unet(**mistake))
    del found["shapes"]
    return found


def unet_in_parts() -> Any:
    """Each side of a level a Sequential of its own."""

    def small_unet():
        import keras
        from keras import layers as L

        def convs(filters):
            pair = [L.Conv2D(filters, (3, 3), padding="same") for _ in range(2)]
            return keras.Sequential([pair[0], L.ReLU(), pair[1], L.Activation("relu")])

        x = image = keras.Input((24, 40, 1))
        skips = []
        for filters in (8, 16):
            skips.append(convs(filters)(x))
            x = L.MaxPool2D()(skips[-1])
        x = convs(32)(x)
        for filters in (16, 8):
            x = L.Conv2DTranspose(filters, 2, 2, padding="same")(x)
            x = convs(filters)(keras.layers.concatenate([skips.pop(), x]))
        return keras.Model(image, L.Softmax()(L.Conv2D(3, 1)(x)))

    return small_unet


def unet_within_unet() -> Any:
    """From the inside out: what lies between two skip connections is a model, and a layer."""

    def small_unet():
        import keras
        from keras import layers as L

        def level(shape, filters, inside):
            x = image = keras.Input(shape)
            for _ in range(2):
                x = L.Conv2D(filters, 3, padding="same", activation="relu")(x)
            if inside is not None:
                up = L.Conv2DTranspose(filters, 2, strides=2)(inside(L.MaxPooling2D()(x)))
                x = L.Concatenate()([x, up])
                for _ in range(2):
                    x = L.Conv2D(filters, 3, padding="same", activation="relu")(x)
            return keras.Model(image, x)

        low = level((6, 10, 16), 32, None)
        body = level((24, 40, 1), 8, level((12, 20, 8), 16, low))
        ends = [L.Conv2D(3, 1), L.Activation("softmax")]
        return keras.Sequential([keras.Input((24, 40, 1)), body, *ends])

    return small_unet


QUESTION = Question(
    id="small_unet",
    room="segmentation",
    title="A small U-Net to a given table",
    points=3,
    level=2,
    kind="network",
    cases=no_arguments,
    oracle=unet_facts,
    tolerance=PROBED,
    wrong=(
        Wrong(
            "skip connection from the first convolution",
            lambda: unet_facts(skip_after=1),
            "Your skip connections begin after the first convolution of a level. The letters in the"
            " table stand at another row.",
        ),
        Wrong(
            "what came up first",
            lambda: unet_facts(join="x first"),
            "The two parts of a concatenation are in the wrong order. The table says which comes"
            " first.",
        ),
        Wrong(
            "no skip connections",
            lambda: unet_facts(join="no skip"),
            "Nothing goes over from the left side to the right one: you concatenate what came up"
            " with itself.",
        ),
        Wrong(
            "added instead of concatenated",
            lambda: unet_facts(join="added"),
            "You add the skip connection, as ResNet does. In the table the number of channels"
            " grows there.",
        ),
        Wrong(
            "one convolution a level",
            lambda: unet_facts(convolutions=1),
            "Each level has one convolution. Count the rows of the table.",
        ),
        Wrong(
            "upsampling by repetition",
            lambda: unet_facts(up="nearest"),
            "You repeat each cell, and then convolve. The parameters are as many as in the table,"
            " but a transposed convolution lets each cell stamp a filter of its own.",
        ),
        Wrong(
            "bilinear upsampling",
            lambda: unet_facts(up="bilinear"),
            "You enlarge by bilinear interpolation, and then convolve. The table has transposed"
            " convolutions.",
        ),
        Wrong(
            "transposed convolution of 3×3",
            lambda: unet_facts(up="wide"),
            "Your transposed convolutions have too many parameters: look at the size of their"
            " filters in the table.",
        ),
        Wrong(
            "ReLU after the transposed convolution",
            lambda: unet_facts(up_activation="relu"),
            "Your transposed convolutions have an activation. The table has none there.",
        ),
        Wrong(
            "average pooling",
            lambda: unet_facts(pooling="AveragePooling2D"),
            "The pooling takes means. The table says max pooling.",
        ),
        Wrong(
            "no ReLU",
            lambda: unet_facts(hidden=None),
            "Your convolutions have no activation. Without one, two in a row are no more than one.",
        ),
        Wrong(
            "softmax missing",
            lambda: unet_facts(end=None),
            "The last layer gives scores, and the table asks for probabilities.",
        ),
        Wrong(
            "sigmoid in place of softmax",
            lambda: unet_facts(end="sigmoid"),
            "The last layer ends in a sigmoid. A pixel's classes then have a probability each, and"
            " they do not add up to 1.",
        ),
        Wrong(
            "height and width swapped",
            lambda: unet_facts(shape=(40, 24, 1)),
            "Height and width of the input are swapped: height comes first.",
        ),
    ),
    alternatives=(unet_in_parts, unet_within_unet),
)
