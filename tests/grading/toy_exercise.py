"""A small exercise with a question of each kind, and right answers to it."""

from dataclasses import replace

import numpy as np

from cnnlab.grading.judge.sandbox import Limits
from cnnlab.grading.question import EXACT, FLOAT64, Question, Wrong, no_arguments

# Far from what right answers take, on a busy machine too; and what an endless loop gets.
LIMITS = Limits(cell_seconds=30, call_seconds=15, total_seconds=300)
IMPATIENT = replace(LIMITS, cell_seconds=5, call_seconds=1)


def facts_of_a_dense_layer(units):
    import keras

    from cnnlab.grading.networks import facts

    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(units, activation="relu")])
    return facts(model)


def share_of_right(outputs, cases):
    labels = cases[0][0][:, 0] > 0
    right = float(np.mean((outputs[0]["predictions"][:, 0] > 0) == labels))
    return 2 * right - 1, f"{right:.0%} right"


QUESTIONS = (
    Question(
        *("area", "toy", "an area by hand", 1, 1, "value", no_arguments),
        oracle=lambda: (12, 20),
        tolerance=EXACT,
        wrong=(Wrong("sides added", lambda: (7, 9), "Sides are multiplied."),),
    ),
    Question(
        *("scaled", "toy", "a scaled matrix", 2, 1, "function"),
        cases=lambda rng: [(rng.normal(size=(2, 3)), 2.0), (rng.normal(size=(4, 5)), 3.0)],
        oracle=lambda X, factor: X * factor,
        tolerance=FLOAT64,
        wrong=(Wrong("transposed", lambda X, factor: X.T * factor, "Rows are rows."),),
    ),
    Question(
        *("layer", "toy", "a layer", 3, 2, "network"),
        cases=lambda rng: [(4,), (5,)],
        oracle=facts_of_a_dense_layer,
        wrong=(Wrong("one more", lambda n: facts_of_a_dense_layer(n + 1), "Count again."),),
    ),
    Question(
        *("model", "toy", "a trained model", 4, 3, "trained"),
        cases=lambda rng: [(rng.normal(size=(20, 3)),)],
        score=share_of_right,
    ),
)
RIGHT = (
    "import numpy as np\nimport cnnlab\ncnnlab.exercise('toy', version=1)",
    "area = (12, 20)\ncnnlab.check('area', area)",
    "def scaled(X, factor):\n    return X * factor\nscaled(np.ones((2, 3)), 2)",
    "import keras\nfrom keras import layers as L",
    "def layer(units):\n"
    "    inputs = keras.Input((3,))\n"
    "    return keras.Model(inputs, keras.ops.relu(L.Dense(units)(inputs)))",
    "model = keras.Sequential([keras.Input((3,)), L.Dense(1, use_bias=False)])\n"
    "model.set_weights([np.array([[1.0], [0], [0]])])",
)
