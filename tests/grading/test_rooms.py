"""Questions are found by their ids."""

import pytest

from cnnlab.grading.questions import question, questions


@pytest.mark.parametrize("name, near", [("iuo", "'iou'"), ("conv_2d", "'conv2d'"), (3, "'sizes'")])
def test_an_unknown_question_is_told_those_near_it(name, near):
    with pytest.raises(ValueError, match=f"question is {name!r}, which does not exist.*{near}"):
        question(name)


def test_an_unknown_room_is_told_those_near_it():
    with pytest.raises(ValueError, match=r"room is 'detections'.*'detection'"):
        questions("detections")
