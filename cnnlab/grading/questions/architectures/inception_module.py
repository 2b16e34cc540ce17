"""An Inception module."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from cnnlab.grading.question import (
    PROBED,
    Case,
    Question,
    Wrong,
)


def built_inception(
    shape: Sequence[int],
    one: int,
    reduce_three: int,
    three: int,
    reduce_five: int,
    five: int,
    pool: int,
    *,
    activation: str | None = "relu",
    reduce_activation: str | None = "relu",
    sizes: tuple[int, int] = (3, 5),
    reduced: str = "before",
    pooling: str = "MaxPooling2D",
    projected: str = "after",
    order: Sequence[int] = (0, 1, 2, 3),
    dropout: float = 0,
) -> Any:
    """The module; the options are the ways to get it wrong."""
    import keras
    from keras import layers as L

    def conv(x, filters, f, activation=activation):
        return L.Conv2D(filters, f, padding="same", activation=activation)(x)

    def way(narrow, filters, f):
        if reduced == "after":
            return conv(conv(x, narrow, f), filters, 1)
        if reduced == "not":
            return conv(x, filters, f)
        return conv(conv(x, narrow, 1, reduce_activation), filters, f)

    pooled = getattr(L, pooling)(3, 1, padding="same")
    image = x = keras.Input(shape)
    ways = [conv(x, one, 1), way(reduce_three, three, sizes[0]), way(reduce_five, five, sizes[1])]
    if projected == "after":
        ways.append(conv(pooled(x), pool, 1))
    else:
        ways.append(pooled(conv(x, pool, 1)) if projected == "before" else pooled(x))
    together = L.Concatenate()([ways[index] for index in order])
    return keras.Model(image, L.Dropout(dropout)(together) if dropout else together)


def inception_facts(*case: Any, **mistake: Any) -> dict[str, Any]:
    from cnnlab.grading.networks import facts

    return facts(built_inception(*case, **mistake))


def inception_module(
    shape: Sequence[int],
    one: int,
    reduce_three: int,
    three: int,
    reduce_five: int,
    five: int,
    pool: int,
) -> dict[str, Any]:
    """The facts of the right module; a message shows its arguments by their names."""
    return inception_facts(shape, one, reduce_three, three, reduce_five, five, pool)


def inception_backwards() -> Any:
    """The last way is built first, and ReLU is a layer of its own."""

    def inception_module(shape, one, reduce_three, three, reduce_five, five, pool):
        import keras
        from keras import layers as L

        def conv(x, filters, f):
            return L.ReLU()(L.Conv2D(filters, (f, f), padding="same")(x))

        x = keras.Input(shape)
        of_pool = conv(L.MaxPool2D((3, 3), strides=(1, 1), padding="same")(x), pool, 1)
        of_five = conv(conv(x, reduce_five, 1), five, 5)
        of_three = conv(conv(x, reduce_three, 1), three, 3)
        both = L.concatenate([conv(x, one, 1), of_three], axis=-1)
        return keras.Model(x, L.concatenate([both, of_five, of_pool], axis=-1))

    return inception_module


def inception_of_any_size() -> Any:
    """Each way its own Sequential, for images of any height and width."""

    def inception_module(shape, one, reduce_three, three, reduce_five, five, pool):
        import keras
        from keras import layers as L

        def conv(filters, f):
            return L.Conv2D(filters, f, padding="same", activation="relu")

        x = keras.Input((None, None, shape[2]))
        ways = [
            conv(one, 1),
            keras.Sequential([conv(reduce_three, 1), conv(three, 3)]),
            keras.Sequential([conv(reduce_five, 1), conv(five, 5)]),
            keras.Sequential([L.MaxPooling2D(3, 1, padding="same"), conv(pool, 1)]),
        ]
        return keras.Model(x, L.Concatenate()([way(x) for way in ways]))

    return inception_module


def inception_of_its_own() -> Any:
    """A class, built."""

    def inception_module(shape, one, reduce_three, three, reduce_five, five, pool):
        import keras
        from keras import layers as L

        class Module(keras.Model):
            def __init__(self):
                super().__init__()
                wanted = (one, 1), (reduce_three, 1), (three, 3), (reduce_five, 1), (five, 5)
                self.convs = [
                    L.Conv2D(filters, f, padding="same", activation="relu")
                    for filters, f in (*wanted, (pool, 1))
                ]
                self.pool = L.MaxPooling2D(3, strides=1, padding="same")

            def call(self, x):
                a, b, c, d, e, f = self.convs
                return keras.ops.concatenate([a(x), c(b(x)), e(d(x)), f(self.pool(x))], axis=-1)

        module = Module()
        module(keras.Input(shape))
        return module

    return inception_module


def inception_cases(rng: np.random.Generator) -> Sequence[Case]:
    def case(H: int, W: int) -> Case:
        narrow = rng.permutation(np.arange(2, 5))  # reduce_three, reduce_five
        wide = rng.permutation(np.arange(5, 11))
        C, one, three, five, pool = (int(number) for number in wide[:5])
        return (H, W, C), one, int(narrow[0]), three, int(narrow[1]), five, pool

    return [case(4, 5), case(7, 6)]


QUESTION = Question(
    id="inception_module",
    room="architectures",
    title="An Inception module",
    points=3,
    level=2,
    kind="network",
    cases=inception_cases,
    oracle=inception_module,
    tolerance=PROBED,
    wrong=(
        Wrong(
            "bottleneck after the filters",
            lambda *case: inception_facts(*case, reduced="after"),
            "Your 1×1 convolutions stand after the 3×3 and the 5×5. There they save nothing: the"
            " large filters still go through all channels.",
        ),
        Wrong(
            "no bottlenecks",
            lambda *case: inception_facts(*case, reduced="not"),
            "The 3×3 and the 5×5 see all channels of the input. The 1×1 convolutions before them"
            " are missing.",
        ),
        Wrong(
            "pooling without 1×1",
            lambda *case: inception_facts(*case, projected="not"),
            "The pooled input goes on with all its channels. A 1×1 convolution after the pooling"
            " says how many it may contribute.",
        ),
        Wrong(
            "1×1 before the pooling",
            lambda *case: inception_facts(*case, projected="before"),
            "On the pooling way, the 1×1 convolution comes first. On the other ways it stands"
            " before the large filter, here after the pooling.",
        ),
        Wrong(
            "average pooling",
            lambda *case: inception_facts(*case, pooling="AveragePooling2D"),
            "The pooling takes the mean. The module takes the largest number of each window.",
        ),
        Wrong(
            "no ReLU",
            lambda *case: inception_facts(*case, activation=None, reduce_activation=None),
            "No convolution has an activation. Each of the six ends in ReLU.",
        ),
        Wrong(
            "no ReLU after the bottlenecks",
            lambda *case: inception_facts(*case, reduce_activation=None),
            "The two bottlenecks have no activation. All six convolutions end in ReLU, those of"
            " 1×1 too.",
        ),
        Wrong(
            "3×3 and 5×5 swapped",
            lambda *case: inception_facts(*case, sizes=(5, 3)),
            "The sizes of the two large filters are swapped.",
        ),
        Wrong(
            "ways stacked in another order",
            lambda *case: inception_facts(*case, order=(0, 2, 1, 3)),
            "All four ways are right, and the result has its channels in another order: 3×3 comes"
            " before 5×5.",
        ),
        Wrong(
            "pooling first",
            lambda *case: inception_facts(*case, order=(3, 0, 1, 2)),
            "All four ways are right, and the result has its channels in another order: the"
            " pooling way comes last.",
        ),
        Wrong(
            "narrow and wide swapped",
            lambda *case: inception_facts(*[case[i] for i in (0, 1, 3, 2, 5, 4, 6)]),
            "On the ways with two convolutions, the numbers of filters changed places. The first"
            " convolution is the narrow one.",
        ),
        Wrong(
            "dropout added",
            lambda *case: inception_facts(*case, dropout=0.4),
            "Your module has a dropout. The task names all that it holds.",
        ),
    ),
    alternatives=(inception_backwards, inception_of_any_size, inception_of_its_own),
)
