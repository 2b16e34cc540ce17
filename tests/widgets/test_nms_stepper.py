"""The NMS stepper: against TensorFlow, against the rules written out, and in the reader's hands."""

import io
import re
from base64 import b64decode

import numpy as np
import pytest
from matplotlib.image import imread

from cnnlab.widgets import NMSStepper

CASES = 300
NAMES = ["pedestrian", "car", "motorcycle"]
FIRST = "Car D (0.82) overlaps the chosen car A (0.91) with IoU 0.73 ≥ 0.5: dropped."


def random_cases(seed: int):
    """Boxes of whole pixels around a few places, scores with ties, some as low as the threshold.

    Everything is a small whole number or a multiple of 1/64, so float32 says no other than float64.
    """
    rng = np.random.default_rng(seed)
    for number in range(CASES):
        count = int(rng.integers(0, 21))
        places = rng.integers(0, 40, (4, 2))[rng.integers(0, 4, count)]
        corner = places + rng.integers(0, 6, (count, 2))
        boxes = np.hstack([corner, corner + rng.integers(0, 15, (count, 2)) * [1, 2]])
        scores = rng.integers(0, 65, count) / 64
        labels = rng.integers(0, 3, count)
        score = float(rng.integers(0, 50) / 64)
        overlap = (0.5, 0.25, 1 / 3, 0.3, 0.6, 1.0)[number % 6]
        yield boxes, scores, labels, score, overlap, bool(number % 2)


def argument(boxes, scores, labels, score, overlap, per_class) -> list:
    rules = {"score": score, "overlap": overlap, "perClass": per_class}
    return [boxes.tolist(), scores.tolist(), labels.tolist(), rules]


def pair_iou(a, b) -> float:
    """The textbook formula for one pair."""
    width, height = np.minimum(a[2:], b[2:]) - np.maximum(a[:2], b[:2])
    both = max(width, 0) * max(height, 0)
    union = (a[2:] - a[:2]).prod() + (b[2:] - b[:2]).prod() - both
    return both / union if union else 0.0


def by_the_rules(boxes, scores, labels, score, overlap, per_class):
    """The lecture's three steps, literally: what is chosen, and what is dropped by which box."""
    left = {i for i in range(len(scores)) if not scores[i] <= score}
    chosen, dropped = [], {}
    while left:
        best = min(left, key=lambda i: (-scores[i], i))
        left.remove(best)
        chosen.append(best)
        for i in sorted(left):
            same = not per_class or labels[i] == labels[best]
            shared = pair_iou(boxes[best], boxes[i])
            if same and shared >= overlap and shared > 0:
                left.remove(i)
                dropped[i] = best
    return chosen, dropped


def said(page) -> str:
    return page.locator(".cl-status").inner_text()


def wait(page, text: str) -> None:
    page.wait_for_function(
        "text => document.querySelector('.cl-status').textContent.includes(text)", arg=text
    )


def listed(page) -> list[str]:
    """The lines of the list: letter, class, score and state."""
    return [re.sub(r"\s+", " ", text) for text in page.locator(".nms-list li").all_inner_texts()]


def press(page, name: str) -> None:
    page.get_by_role("button", name=name, exact=True).click()


@pytest.mark.browser
def test_the_events_are_those_of_the_rules(run_js):
    chosen = list(random_cases(1))
    chosen += [(*case[:4], 0.0, case[5]) for case in chosen[:20]]  # any overlap is enough
    arguments = [argument(*case) for case in chosen]
    events = run_js(NMSStepper, "suppress", arguments)
    counts = [len(scores) for _, scores, *_ in chosen]
    ends = run_js(NMSStepper, "states", [[n, e, 999] for n, e in zip(counts, events, strict=True)])
    seen = set()
    for (boxes, scores, labels, score, overlap, per_class), found, end in zip(
        chosen, events, ends, strict=True
    ):
        kept, dropped = by_the_rules(boxes, scores, labels, score, overlap, per_class)
        assert found[0] == {"op": "start"} and found[-1] == {"op": "end", "kept": kept}
        assert set(found[1]["boxes"]) == {i for i in range(len(scores)) if scores[i] <= score}
        assert [event["best"] for event in found if event["op"] == "take"] == kept
        drops = [event for event in found if event["op"] == "drop"]
        assert {event["box"]: event["best"] for event in drops} == dropped
        gone = set(found[1]["boxes"])
        for event in found[2:-1]:
            op, best, other = event["op"], event["best"], event.get("box")
            seen.add(op)
            assert best not in gone and other not in gone, "what is gone plays no part"
            if other is not None:
                assert event["iou"] == pytest.approx(pair_iou(boxes[best], boxes[other]), abs=1e-12)
                rivals = event["iou"] >= overlap and event["iou"] > 0
                assert rivals == (op != "none")
            if op == "spare":
                assert per_class and labels[other] != labels[best]
            if op == "drop":
                gone.add(other)
        for i, state in enumerate(end):
            expected = "chosen" if i in kept else "dropped" if i in dropped else "low"
            assert state["is"] == expected
    assert seen == {"take", "drop", "spare", "none"}


@pytest.mark.browser
def test_what_is_kept_is_what_tensorflow_keeps(run_js):
    """TensorFlow drops IoU > threshold, the lecture IoU ≥ threshold: one float32 lower."""
    import tensorflow as tf

    chosen = list(random_cases(2))
    events = run_js(NMSStepper, "suppress", [argument(*case) for case in chosen])
    ties = 0
    for (boxes, scores, labels, score, overlap, per_class), found in zip(
        chosen, events, strict=True
    ):
        apart = boxes + 1000 * labels[:, None] * per_class
        expected = tf.image.non_max_suppression(
            apart.astype("float32")[:, [1, 0, 3, 2]],
            scores.astype("float32"),
            max_output_size=len(scores),
            iou_threshold=np.nextafter(np.float32(overlap), np.float32(0)),
            score_threshold=score,
        )
        assert found[-1]["kept"] == expected.numpy().tolist()
        ties += len(np.unique(scores)) < len(scores)
    assert ties > CASES / 3


def test_the_kernel_keeps_the_same_boxes():
    for number, case in enumerate(random_cases(3)):
        case = (*case[:4], 0.0, case[5]) if number % 10 == 0 else case
        boxes, scores, labels, score, overlap, per_class = case
        figure = NMSStepper(boxes, scores, labels, NAMES)
        figure.score_threshold, figure.iou_threshold = score, overlap
        figure.per_class = per_class
        assert list(figure.kept) == by_the_rules(*case)[0]
    assert list(NMSStepper().kept) == [0, 1, 2, 4]


@pytest.mark.browser
def test_letters_do_not_cover_each_other(run_js):
    figure = NMSStepper()
    height, width = figure.size
    room = 0.055 * width
    (found,) = run_js(NMSStepper, "spots", [[figure.boxes, room, [width, height]]])
    places = np.array(found)  # (N, 2)
    apart = np.abs(places[:, None] - places[None]).max(axis=2)
    assert apart[~np.eye(len(places), dtype=bool)].min() >= room - 1e-9
    assert (places >= room / 2).all() and (places <= [width - room / 2, height - room / 2]).all()
    for (x, y), (left, top, right, bottom) in zip(found, figure.boxes, strict=True):
        assert left - room <= x <= right + room and top - room <= y <= bottom + room


@pytest.mark.browser
def test_the_example_goes_as_in_the_lecture(show):
    page = show(NMSStepper())
    rule = page.locator(".nms-rules [aria-current=step]")
    assert said(page).startswith("13 boxes") and rule.count() == 0
    for words, number in [
        ("A score of at most 0.6: car K (0.57), motorcycle L (0.45), pedestrian M (0.31).", "1"),
        ("The best box left is car A (0.91): chosen.", "2"),
        (FIRST, "3"),
        ("Car F (0.74) overlaps the chosen car A (0.91) with IoU 0.63 ≥ 0.5: dropped.", "3"),
        ("The best box left is car B (0.88): chosen.", "2"),
        (
            "Pedestrian C (0.85) overlaps the chosen car B (0.88) with IoU 0.59 ≥ 0.5, but it is "
            "of another class: it stays.",
            "3",
        ),
    ]:
        press(page, "Step")
        wait(page, words)
        assert rule.get_attribute("data-rule") == f"rule{number}"
    press(page, "Back")
    wait(page, "The best box left is car B (0.88)")
    press(page, "All")
    wait(page, "No box is left. 4 of 13 were chosen: car A (0.91), car B (0.88), pedestrian C")
    assert listed(page)[:4] == [
        "A car 0.91 chosen",
        "B car 0.88 chosen",
        "C pedestrian 0.85 chosen",
        "D car 0.82 by A, IoU 0.73",
    ]
    assert listed(page)[-1] == "M pedestrian 0.31 ≤ 0.6"
    name = page.get_by_role("img").get_attribute("aria-label")
    assert name == "Picture with 13 boxes: 4 chosen, 9 dropped, 0 left."
    press(page, "Start over")
    wait(page, "Press Step")


@pytest.mark.browser
def test_chosen_and_dropped_boxes_are_told_apart_without_colour(show):
    figure = NMSStepper()
    figure.position = 99
    page = show(figure)
    look = """el => { const style = getComputedStyle(el);
      return [style.borderTopStyle, parseFloat(style.borderTopWidth)]; }"""
    frames = page.locator(".nms-frame")
    for i, state in enumerate(["chosen", "chosen", "chosen", "dropped", "chosen"]):
        style, thickness = frames.nth(i).evaluate(look)
        assert (style, thickness > 4) == (("solid", True), ("dashed", False))[state == "dropped"]
    letter = page.locator(".nms-layer .nms-letter").nth(3)
    assert "line-through" in letter.evaluate("el => getComputedStyle(el).textDecorationLine")


@pytest.mark.browser
def test_thresholds_and_classes_change_the_end(show):
    page = show(NMSStepper())
    press(page, "All")
    wait(page, "4 of 13")
    page.get_by_label("Each class on its own").uncheck()
    wait(page, "3 of 13 were chosen: car A (0.91), car B (0.88), motorcycle E (0.78)")
    press(page, "Back")
    while "another class" not in said(page):
        before = said(page)
        press(page, "Back")
        page.wait_for_function(
            "old => document.querySelector('.cl-status').textContent !== old", arg=before
        )
    assert "dropped. It is of another class: here an object may be lost." in said(page)
    page.get_by_label("Each class on its own").check()
    press(page, "All")
    overlap = page.get_by_role("slider", name="IoU threshold")
    for _ in range(7):
        overlap.press("ArrowRight")
    wait(page, "5 of 13")  # 0.565 < 0.57
    assert overlap.get_attribute("aria-valuetext") == "0.57"
    score = page.get_by_role("slider", name="Score threshold")
    score.fill("0.88")
    wait(page, "1 of 13 were chosen: car A (0.91).")
    assert "B car 0.88 ≤ 0.88" in listed(page)  # a score at the threshold is dropped
    score.fill("1")
    wait(page, "No box is left, and none was chosen.")


@pytest.mark.browser
def test_the_walk_by_keyboard(show):
    page = show(NMSStepper())
    page.get_by_role("button", name="Step").focus()
    for key, words in [
        ("Enter", "A score of at most"),
        ("ArrowRight", "car A (0.91): chosen"),
        ("ArrowDown", FIRST),
        ("ArrowLeft", "car A (0.91): chosen"),
        ("End", "No box is left."),
        ("Enter", "No box is left."),
        ("Home", "Press Step"),
        ("ArrowUp", "Press Step"),
    ]:
        page.keyboard.press(key)
        wait(page, words)
        assert page.evaluate("document.activeElement.textContent") == "Step"
    page.get_by_label("Each class on its own").focus()
    page.keyboard.press("Space")
    assert "of its class" not in page.locator(".nms-rules").inner_text()


@pytest.mark.browser
def test_it_plays_and_pauses(show, still_clock):
    page = show(NMSStepper())
    pass_time = still_clock(page)
    press(page, "Play")
    pass_time(2500)
    wait(page, "A score of at most")
    press(page, "Pause")
    pass_time(9000)
    assert "A score of at most" in said(page)


@pytest.mark.browser
def test_nothing_to_suppress(show):
    page = show(NMSStepper(np.zeros((0, 4)), [], []))
    assert said(page).startswith("There are no boxes.")
    press(page, "All")
    wait(page, "No box is left, and none was chosen.")
    page = show(NMSStepper([[5, 5, 20, 10]], [0.7]))
    press(page, "Step")
    wait(page, "No score is 0.6 or less")
    press(page, "Step")
    wait(page, "The only box left is box A (0.7): chosen.")
    press(page, "Step")
    wait(page, "No box of this class is left to compare with the chosen box A (0.7).")


@pytest.mark.browser
def test_scores_and_overlaps_are_shown_on_their_side_of_a_threshold(show):
    boxes = [[0, 0, 1000, 10], [0, 0, 499, 10], [0, 0, 500, 10]]
    page = show(NMSStepper(boxes, [0.9, 0.604, 0.596]))
    for _ in range(3):
        press(page, "Step")
    wait(page, "The nearest, box B (0.604), has 0.499.")
    assert listed(page)[2] == "C box 0.596 ≤ 0.6"
    page.get_by_role("slider", name="Score threshold").fill("0.5")
    wait(page, "Box C (0.6) overlaps the chosen box A (0.9) with IoU 0.5 ≥ 0.5: dropped.")


@pytest.mark.browser
@pytest.mark.parametrize("lang, dark, width", [("es", True, 390), ("en", False, 1280)])
@pytest.mark.parametrize("position", [2, 3, 6, 99])
def test_every_kind_of_step_is_accessible_and_fits(show, axe, position, lang, dark, width):
    figure = NMSStepper()
    figure.position = position
    page = show(figure, lang=lang, dark=dark, width=width)
    axe(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    words = {2: "La mejor caja que queda es coche A (0,91): elegida.", 6: "pero es de otra clase"}
    if lang == "es":
        assert words.get(position, "") in said(page)
    picture = page.locator(".cl-picture").bounding_box()
    for tag in page.locator(".nms-layer .cl-tag:visible").all():
        box = tag.bounding_box()
        assert picture["x"] <= box["x"] and picture["y"] <= box["y"]
        assert box["x"] + box["width"] <= picture["x"] + picture["width"] + 1
        assert box["y"] + box["height"] <= picture["y"] + picture["height"] + 1


@pytest.mark.browser
def test_own_boxes_over_an_own_picture(show):
    rng = np.random.default_rng(4)
    image = rng.integers(0, 256, (30, 50, 3), dtype=np.uint8)
    boxes = [[10, 6, 30, 21], [40, -5, 60, 10]]
    page = show(NMSStepper(boxes, [0.9, 0.8], [1, 0], ["cat", "título"], image=image))
    picture = page.locator(".cl-picture").bounding_box()
    assert picture["width"] / picture["height"] == pytest.approx(50 / 30, rel=0.01)
    frame = page.locator(".nms-frame").first.bounding_box()
    assert frame["x"] - picture["x"] == pytest.approx(picture["width"] / 5, abs=1)
    assert frame["height"] == pytest.approx(picture["height"] / 2, abs=1)
    assert page.locator("svg image").count() == 1 and page.locator(".nms-road").count() == 0
    assert listed(page) == ["A título 0.9 left", "B cat 0.8 left"]
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def decoded(figure: NMSStepper) -> np.ndarray:
    kind, data = figure.image.split(",")
    assert kind == "data:image/png;base64"
    return np.round(255 * imread(io.BytesIO(b64decode(data)), "png")).astype(int)


def test_the_picture_is_sent_as_png():
    rng = np.random.default_rng(5)
    image = rng.integers(0, 256, (31, 47, 3), dtype=np.uint8)
    one = [[0, 0, 9, 9]], [0.9]
    np.testing.assert_array_equal(decoded(NMSStepper(*one, image=image)), image)
    np.testing.assert_array_equal(decoded(NMSStepper(*one, image=image / 255)), image)
    grey = decoded(NMSStepper(*one, image=image[..., :1]))
    np.testing.assert_array_equal(grey, np.repeat(image[..., :1], 3, axis=2))


def test_a_large_picture_is_made_small_by_means():
    rng = np.random.default_rng(6)
    coarse = rng.integers(0, 256, (180, 360, 3), dtype=np.uint8)
    large = np.repeat(np.repeat(coarse, 3, axis=0), 3, axis=1)  # (540, 1080, 3)
    figure = NMSStepper([[0, 0, 900, 500]], [0.9], image=large)
    np.testing.assert_array_equal(decoded(figure), coarse)
    assert figure.size == [540, 1080]  # boxes keep their pixels
    uneven = NMSStepper([[0, 0, 9, 9]], [0.9], image=np.full((701, 433, 3), 0.4))
    assert decoded(uneven).shape == (360, 222, 3)
    assert (decoded(uneven) == 102).all()


ONE = {"boxes": [[0, 0, 9, 9]], "scores": [0.9]}


@pytest.mark.parametrize(
    "changes, words",
    [
        (
            {"boxes": [[9, 0, 0, 9]]},
            r"boxes\[0\] is \[9.0, 0.0, 0.0, 9.0\]; expected .* x_min ≤ x_max",
        ),
        ({"boxes": [[0, 0, 9]]}, r"boxes has shape \(1, 3\); expected \(N, 4\)"),
        ({"boxes": np.zeros((27, 4)), "scores": np.zeros(27)}, "N at most 26"),
        ({"boxes": [[0, 0, 9, np.nan]]}, r"boxes\[0\] is .*; expected four finite numbers"),
        ({"boxes": "all"}, r"boxes has dtype .*; expected \(N, 4\) numbers"),
        ({"scores": None}, "scores is None; expected a number for each of 1 boxes"),
        ({"scores": [0.9, 0.8]}, r"scores has shape \(2,\); expected \(1,\)"),
        ({"scores": [1.2]}, r"scores has values from 1.2 to 1.2; expected \[0, 1\]"),
        ({"labels": [3]}, r"labels\[0\] is 3; expected a class from 0 to 2"),
        ({"labels": [-1]}, r"labels\[0\] is -1"),
        ({"labels": [0.5]}, "labels has dtype float64; expected whole numbers"),
        ({"labels": [0], "names": "car"}, "names is 'car'; expected names of classes"),
        ({"labels": [0], "names": [7]}, "names is .7."),
        ({"image": np.zeros((4, 5, 5))}, r"image has shape \(4, 5, 5\); expected a picture"),
        ({"image": np.full((4, 5, 3), 299.0)}, "image is float64 with values from 299 to 299"),
        ({"image": np.full((4, 5, 3), np.nan)}, "image holds NaN"),
        ({"boxes": None}, "boxes is None; expected"),
    ],
)
def test_what_cannot_be_shown_is_refused(changes, words):
    with pytest.raises(ValueError, match=words):
        NMSStepper(**ONE | changes)


@pytest.mark.parametrize("value", [-0.1, 1.01, float("nan"), "0.5", True, None])
def test_a_threshold_lies_between_0_and_1(value):
    figure = NMSStepper()
    for name in ("score_threshold", "iou_threshold"):
        with pytest.raises(ValueError, match=f"{name} is .*; expected a number from 0 to 1"):
            setattr(figure, name, value)
    assert (figure.score_threshold, figure.iou_threshold) == (0.6, 0.5)


WORDS = """() => [...document.querySelectorAll(".nms-layer :is(.nms-letter, .cl-tag)")]
  .filter((word) => !word.hidden)
  .map((word) => [word.textContent, word.getBoundingClientRect()])
  .map(([text, { left, top, right, bottom }]) => [text, left, top, right, bottom])"""


@pytest.mark.browser
@pytest.mark.parametrize("width", [320, 390, 1280])
def test_no_word_in_the_picture_covers_another(show, width):
    """At every step: letters, and the tags of the boxes that the step is about."""
    page = show(NMSStepper(), width=width)
    edges = page.locator(".nms-layer").bounding_box()
    step = page.get_by_role("button", name="Step")
    while True:
        words = page.evaluate(WORDS)
        for i, (word, *one) in enumerate(words):
            assert one[0] >= edges["x"] - 1 and one[2] <= edges["x"] + edges["width"] + 1
            for other, *two in words[:i]:
                across = min(one[2], two[2]) - max(one[0], two[0])
                down = min(one[3], two[3]) - max(one[1], two[1])
                assert min(across, down) < 1.5, f"{word} covers {other}: {said(page)}"
        before = said(page)
        if before.startswith("No box is left"):
            break
        step.click()
        page.wait_for_function(
            "text => document.querySelector('.cl-status').textContent !== text", arg=before
        )
