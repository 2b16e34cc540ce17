"""Faces: the triplet loss, hard triplets, a threshold for a rate of errors, recognition.

The right answers are written one pair, one person at a time, apart from `cnnlab.faces`. Distances
are squared, as in the lecture. What a threshold decides is exact: it is one of the distances, and
rounding has no part in it.
"""

from cnnlab.grading.questions.faces import (
    batch_hard,
    face_encoder,
    recognize,
    squared_distances,
    threshold_for,
    triplet_loss,
    triplets_by_hand,
    unit_length,
)

VERSION = 1
QUESTIONS = tuple(
    file.QUESTION
    for file in (
        triplets_by_hand,
        squared_distances,
        unit_length,
        triplet_loss,
        batch_hard,
        threshold_for,
        recognize,
        face_encoder,
    )
)
