"""Style: Gram matrices, the costs of a painting and descent on it, and what decides an answer.

The right answers are written one place, one pixel at a time, apart from `cnnlab.style`. Pictures
and activations are (H, W, C); the costs are the lecture's, with its square put right.
"""

from cnnlab.grading.questions.style import (
    content_step,
    grad_cam,
    gram_matrix,
    occlusion_map,
    paint,
    painting_costs,
    style_by_hand,
    total_variation,
)

VERSION = 1
QUESTIONS = tuple(
    file.QUESTION
    for file in (
        style_by_hand,
        gram_matrix,
        painting_costs,
        total_variation,
        content_step,
        occlusion_map,
        grad_cam,
        paint,
    )
)
