"""Three results by hand: a triplet loss, a count of triplets, and what K does to errors."""

from functools import partial
from typing import Any

from cnnlab.grading.question import (
    Question,
    Tolerance,
    Wrong,
    no_arguments,
)


def by_hand(**mistake: Any) -> dict[str, Any]:
    return {
        "loss": 0.18 + 2.1,
        "triplets": 24 * 3 * 20,
        "taken": 1 - (1 - 1 / 2000) ** 1000,
    } | mistake


QUESTION = Question(
    id="triplets_by_hand",
    room="faces",
    title="Three results by hand",
    points=3,
    level=1,
    kind="value",
    cases=no_arguments,
    oracle=by_hand,
    tolerance=Tolerance(0, 0.002, "by hand, three decimals are enough"),
    wrong=(
        Wrong(
            "maximum of the sum",
            partial(by_hand, loss=1.18),
            "The easy triplet made the loss of the others smaller. Where does the lecture take the"
            " maximum with 0: for each triplet, or for all of them together?",
        ),
        Wrong(
            "mean instead of sum",
            partial(by_hand, loss=0.76),
            "You divided by the number of triplets. The lecture's J adds them up.",
        ),
        Wrong(
            "margin with the wrong sign",
            partial(by_hand, loss=1.1),
            "Your margin makes the loss smaller. A triplet that is only just in the right order"
            " should still cost something.",
        ),
        Wrong(
            "margin left out",
            partial(by_hand, loss=1.6),
            "Without its margin, the loss would be content with encodings that are all the same."
            " Add it inside the maximum.",
        ),
        Wrong(
            "distances not squared",
            partial(by_hand, loss=0.1504 + 1.2818),
            "You took the root of the squared distances. The lecture's loss has the squares"
            " themselves.",
        ),
        Wrong(
            "absolute differences",
            partial(by_hand, loss=1.8),
            "You added absolute differences. ‖·‖² is the sum of the squared ones.",
        ),
        Wrong(
            "positive and negative swapped",
            partial(by_hand, loss=2.92),
            "Your loss grows with the distance to the other person. Which of the two distances"
            " should training make smaller?",
        ),
        Wrong(
            "only the hardest triplet",
            partial(by_hand, loss=2.1),
            "You have the loss of the hardest triplet only. J has a term for each of them.",
        ),
        Wrong(
            "picture paired with itself",
            partial(by_hand, triplets=24 * 4 * 20),
            "You let a picture be its own positive. Its distance to itself teaches nothing.",
        ),
        Wrong(
            "pairs counted once",
            partial(by_hand, triplets=24 * 3 * 20 // 2),
            "You counted each pair of pictures of a person once. Either of the two can be the"
            " anchor, and the distance to the negative is then another one.",
        ),
        Wrong(
            "negatives of the same person",
            partial(by_hand, triplets=24 * 3 * 22),
            "You let every picture that is left be the negative. A negative shows another person"
            " than the anchor.",
        ),
        Wrong(
            "people counted as negatives",
            partial(by_hand, triplets=24 * 3 * 5),
            "You counted the other people. Each of them has several pictures in the batch, and each"
            " of these is a negative of its own.",
        ),
        Wrong(
            "triplets of one anchor",
            partial(by_hand, triplets=3 * 20),
            "These are the triplets of one anchor. How many pictures of the batch can be the"
            " anchor?",
        ),
        Wrong(
            "probabilities added up",
            partial(by_hand, taken=1000 / 2000),
            "You added the probabilities up. With three times as many people the result would be"
            " above 1. Begin with the probability that no comparison goes wrong.",
        ),
        Wrong(
            "probability that all goes well",
            partial(by_hand, taken=(1 - 1 / 2000) ** 1000),
            "That is the probability that every single comparison is right. The question asks for"
            " its opposite.",
        ),
        Wrong(
            "per cent",
            partial(by_hand, taken=39.4),
            "In (c) you answer in per cent. A probability lies between 0 and 1.",
        ),
        Wrong(
            "per cent, two decimals",
            partial(by_hand, taken=39.35),
            "In (c) your number is a percentage. Probabilities lie between 0 and 1.",
        ),
        Wrong(
            "one comparison",
            partial(by_hand, taken=1 / 2000),
            "That is the error of one comparison. How many does a recognition with this gallery"
            " make?",
        ),
        Wrong(
            "all comparisons wrong",
            partial(by_hand, taken=1.0),
            "Your result is practically 1. One wrong comparison is enough, but you have left out"
            " only the case that all of them are wrong.",
        ),
    ),
    parts="abc",
    alternatives=(lambda: {"loss": 2.28, "triplets": 1440.0, "taken": 0.394},),
)
