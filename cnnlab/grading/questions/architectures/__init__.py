"""The questions of the architectures: counting, blocks, whole networks, and a small one to train.

Nothing here uses `cnnlab.architectures`, which the tests hold beside these oracles.
"""

from cnnlab.grading.questions.architectures import (
    conv1x1,
    digit_reader,
    inception_module,
    layer_costs,
    network_cost,
    residual_block,
    separable_conv,
    small_network,
)

VERSION = 3
QUESTIONS = tuple(
    file.QUESTION
    for file in (
        layer_costs,
        network_cost,
        conv1x1,
        residual_block,
        inception_module,
        separable_conv,
        digit_reader,
        small_network,
    )
)
