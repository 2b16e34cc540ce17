"""A network is taken apart in one way, by the check and by the judge: they never disagree."""

import keras
import numpy as np
import pytest
from keras import layers as L
from toy_exercise import QUESTIONS

from cnnlab.grading.answers.check import verdict
from cnnlab.grading.judge import judge as judge_module
from cnnlab.grading.networks import flat
from cnnlab.grading.question import PROBED, Question, Wrong, no_arguments

LAYER, MODEL = QUESTIONS[2:]
START = "import keras\nimport numpy as np\nfrom keras import layers as L\n"
CLASS = """
class Own(keras.Model):
    def __init__(self, units):
        super().__init__()
        self.dense = L.Dense(units)
    def call(self, {arguments}):
        return keras.ops.relu(self.dense({first}))
"""
OWN = CLASS.format(arguments="x", first="x")
# How somebody may build a Dense layer with a ReLU -> what the check and the judge say.
LAYERS = {
    "nested Sequentials": (
        "def layer(units):\n"
        "    inside = keras.Sequential([L.Dense(units), L.ReLU()])\n"
        "    return keras.Sequential([keras.Input((3,)), keras.Sequential([inside])])",
        "pass",
    ),
    "a class that is built": (
        f"{OWN}\ndef layer(units):\n    net = Own(units)\n    net.build((None, 3))\n    return net",
        "pass",
    ),
    "a class that was called": (
        f"{OWN}\ndef layer(units):\n    net = Own(units)\n    net(np.ones((2, 3)))\n    return net",
        "pass",
    ),
    "a class with an argument for training": (
        CLASS.format(arguments="x, training=None", first="x")
        + "\ndef layer(units):\n    net = Own(units)\n    net(np.ones((2, 3)))\n    return net",
        "pass",
    ),
    "a class inside of a class, told that it trains": (
        f"{OWN}\nclass Two(keras.Model):\n"
        "    def __init__(self, units):\n        super().__init__()\n"
        "        self.own = Own(units)\n    def call(self, x, training=False):\n"
        "        return self.own(x, training=training)\n"
        "def layer(units):\n    net = Two(units)\n    net.build((None, 3))\n    return net",
        "pass",
    ),
    "a class that makes its layers when it is built": (
        "class Own(keras.Model):\n"
        "    def __init__(self, units):\n        super().__init__()\n        self.units = units\n"
        "    def build(self, shape):\n        self.dense = L.Dense(self.units)\n"
        "        self.dense.build(shape)\n        self.built = True\n"
        "    def call(self, x):\n        return keras.ops.relu(self.dense(x))\n"
        "def layer(units):\n"
        "    return keras.Sequential([keras.Input((3,)), Own(units)])",
        "pass",
    ),
    "a class around a graph": (
        "class Own(keras.Model):\n    def __init__(self, units):\n"
        "        image = keras.Input((3,))\n"
        "        super().__init__(image, L.Dense(units, activation='relu')(image))\n"
        "layer = Own",
        "pass",
    ),
    "a graph for batches of two": (
        "def layer(units):\n    image = keras.Input(batch_shape=(2, 3))\n"
        "    return keras.Model(image, L.Dense(units, 'relu')(image))",
        "pass",
    ),
    "a class that is not built": (f"{OWN}\nlayer = Own", "shape"),
    "a Sequential that is not built": (
        "def layer(units):\n    return keras.Sequential([L.Dense(units, 'relu')])",
        "shape",
    ),
    "a class that fails": (
        OWN.replace("keras.ops.relu", "undefined")
        + "\ndef layer(units):\n    net = Own(units)\n    net(keras.Input((3,)))\n    return net",
        "error",
    ),
    "one unit more, in a class": (
        f"{OWN}\ndef layer(units):\n    net = Own(units + 1)\n    net.build((None, 3))\n"
        "    return net",
        "mistake",
    ),
    "a stub": ("def layer(units):\n    '''(3,) -> (units,)'''", "missing"),
}
SIGN = "model.set_weights([np.array([[1.0], [0], [0]])])"
MODELS = {
    "nested Sequentials": (
        "inside = keras.Sequential([L.Dense(1, use_bias=False)])\n"
        f"model = keras.Sequential([keras.Input((3,)), inside])\n{SIGN}",
        "pass",
    ),
    "a class that was trained": (
        "class Own(keras.Model):\n"
        "    def __init__(self):\n        super().__init__()\n"
        "        self.dense = L.Dense(1, use_bias=False)\n"
        "    def call(self, x):\n        return self.dense(x)\n"
        "model = Own()\nmodel.compile('sgd', 'mse')\n"
        f"model.fit(np.ones((4, 3)), np.ones(4), verbose=0)\n{SIGN}",
        "pass",
    ),
    "a class that has seen nothing": (
        "class Own(keras.Model):\n    def call(self, x):\n        return x\nmodel = Own()",
        "shape",
    ),
    "a stub": ("model = None", "missing"),
}


def both(mark, question, source):
    """The verdicts of the check and of the judge."""
    names = {}
    exec(compile(START + source, "<cell>", "exec"), names)
    verdicts, _ = mark(START, source)
    return verdict(question, names[question.id]), verdicts[question.id]


@pytest.mark.parametrize("name", LAYERS)
def test_check_and_judge_agree_on_a_network(mark, name):
    source, tier = LAYERS[name]
    checked, judged = both(mark, LAYER, source)
    assert (checked.tier, judged.tier) == (tier, tier), (checked.message, judged.message)
    if "not built" in name:
        assert "Build it first" in checked.message and "Build it first" in judged.message


@pytest.mark.parametrize("name", MODELS)
def test_check_and_judge_agree_on_a_trained_model(mark, name):
    source, tier = MODELS[name]
    checked, judged = both(mark, MODEL, source)
    assert (checked.tier, judged.tier) == (tier, tier), (checked.message, judged.message)
    if name == "a class that has seen nothing":
        assert "Build it first" in checked.message and "Build it first" in judged.message


def convolved(shape=(6, 5, 1)):
    from cnnlab.grading.networks import facts

    image = keras.Input(shape)
    return facts(keras.Model(image, L.Conv2D(2, 3, padding="same")(image)))


def test_check_and_judge_fill_the_axes_that_a_network_leaves_open(mark, judge, monkeypatch):
    question = Question(
        *("net", "open", "a network", 1, 1, "network", no_arguments, convolved, PROBED),
        wrong=(Wrong("turned", lambda: convolved((5, 6, 1)), "Height comes first."),),
    )
    monkeypatch.setattr(judge_module, "questions", lambda room: {"net": question})
    source = (
        "def net():\n    image = keras.Input((None, None, 1))\n"
        "    return keras.Model(image, L.Conv2D(2, 3, padding='same')(image))"
    )
    checked, judged = both(mark, question, source)
    assert (checked.tier, judged.tier) == ("pass", "pass"), (checked.message, judged.message)


def test_open_axes_are_filled_and_the_weights_are_the_same():
    image = keras.Input((None, None, 2))
    inside = keras.Sequential([L.Conv2D(3, 2), L.BatchNormalization()])
    model = keras.Model(image, L.GlobalAveragePooling2D()(inside(image)))
    graph = flat(model, (5, 4, 2))
    assert graph.inputs[0].shape == (None, 5, 4, 2)
    x = np.random.default_rng(0).normal(size=(2, 5, 4, 2))
    assert np.allclose(graph.predict(x, verbose=0), model.predict(x, verbose=0), atol=1e-6)
