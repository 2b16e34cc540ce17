"""A prediction, made before the answer is seen, and what the guesses of a page were worth."""

import math

import numpy as np
import pytest

from cnnlab.widgets import Predict

QUESTION = "How many numbers has the result?"
CHOICES = ["the sky", "his back", "the grass"]


@pytest.mark.parametrize("truth", [30, -2.5, np.float32(0.5), np.int64(7), np.array([4])])
def test_the_truth_becomes_a_plain_number(truth):
    found = Predict(QUESTION, truth).truth
    assert type(found) in (int, float)
    assert found == truth


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"question": " ", "truth": 1}, "question is empty"),
        ({"question": 3, "truth": 1}, "question is 3"),
        ({"question": "?", "truth": math.nan}, "truth is nan; expected a finite number"),
        ({"question": "?", "truth": True}, "truth is True"),
        ({"question": "?", "truth": "many"}, "or choices to choose from"),
        ({"question": "?", "truth": np.ones(2)}, "expected a finite number"),
        ({"question": "?", "truth": 1, "unit": 5}, "unit is 5"),
        ({"question": "?", "truth": 1, "why": None}, "why is None"),
        ({"question": "?", "truth": "a", "choices": ["a"]}, "choices is"),
        ({"question": "?", "truth": "a", "choices": ["a", "a"]}, "choices is"),
        ({"question": "?", "truth": "a", "choices": "ab"}, "choices is"),
        ({"question": "?", "truth": "a", "choices": ["a", " "]}, "choices is"),
        ({"question": "?", "truth": "a", "choices": list("abcdefg")}, "choices is"),
        ({"question": "?", "truth": "c", "choices": ["a", "b"]}, "expected one of 'a', 'b'"),
    ],
)
def test_what_cannot_be_asked_is_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        Predict(**arguments)


@pytest.mark.browser
def test_numbers_are_read_as_people_type_them(run_js):
    read = {
        **{"12": 12, " −0.5 ": -0.5, "-3": -3, "+4": 4, "1,200": 1200, "1 200 000": 1.2e6},
        **{".5": 0.5, "2e3": 2000, "63 %": 63, "63%": 63, "1,234.5": 1234.5},
        **dict.fromkeys(["", "ten", "1,2", "0,125", "1.2.3", "12 apples", "1,20", "NaN", "--1"]),
    }
    assert run_js(Predict, "readNumber", [[text, "%"] for text in read]) == list(read.values())


@pytest.mark.browser
def test_factors_are_averaged_over_the_page(run_js):
    rng = np.random.default_rng(0)
    pages = [rng.lognormal(3, 1, (n, 2)).round(2).tolist() for n in (1, 2, 3, 5, 40)]
    guesses = [[[{"guess": g, "truth": t} for g, t in page]] for page in pages]
    for page, found in zip(pages, run_js(Predict, "tally", guesses), strict=True):
        logs = [abs(math.log(guess / truth)) for guess, truth in page]
        assert found["factor"] == pytest.approx(math.exp(np.mean(logs)))
        assert found["asked"] == found["numbers"] == len(page)
        assert found["right"] == sum(abs(g - t) <= 0.1 * t + 1e-12 for g, t in page)


@pytest.mark.browser
def test_what_counts_as_right(run_js):
    cases = {
        (30, 30): (True, 1),
        (33, 30): (True, 1.1),
        (34, 30): (False, 34 / 30),
        (-30, 30): (False, None),
        (0, 30): (False, None),
        (0, 0): (True, None),
        (-27, -30): (True, 30 / 27),
        ("a", "a"): (True, None),
        ("a", "b"): (False, None),
    }
    for found, (right, factor) in zip(
        run_js(Predict, "judge", [list(case) for case in cases]), cases.values(), strict=True
    ):
        assert found["right"] == right
        assert found["factor"] == (factor and pytest.approx(factor))


@pytest.mark.browser
def test_answers_that_were_looked_up_do_not_count(run_js):
    found = run_js(Predict, "tally", [[[{"guess": None, "truth": 3}]], [[]]])
    assert found == [{"asked": 0, "right": 0, "numbers": 0, "factor": None}] * 2


def two():
    return (
        Predict(QUESTION, 16, why="A window of 3 fits at four places of 6."),
        Predict("Which is brighter?", "the sky", choices=CHOICES, why="Look up."),
    )


@pytest.mark.browser
@pytest.mark.parametrize("scheme", ["http", "file"])
def test_the_answer_comes_after_the_guess_and_the_page_keeps_score(show, scheme):
    page = show(*two(), scheme=scheme)
    number, choice = page.locator(".cnnlab").all()
    assert "16" not in page.locator("main").inner_text()
    number.get_by_label("Your guess", exact=True).fill("8")
    number.get_by_label("Your guess", exact=True).press("Enter")
    assert "You said 8. It is 16: 2 times as much." in number.inner_text()
    assert "four places" in number.inner_text()
    assert number.locator(".predict-answer").evaluate("el => el === document.activeElement")
    assert "0 of 1 right" in number.locator(".cl-status").inner_text()
    assert "factor of 2 on average" in number.locator(".cl-status").inner_text()
    choice.get_by_label("the sky").check()
    choice.get_by_role("button", name="This is my guess").click()
    assert "Right: the sky." in choice.inner_text()
    for figure in (number, choice):
        assert "1 of 2 right" in figure.locator(".cl-status").inner_text()


@pytest.mark.browser
def test_guesses_outlive_a_visit_and_can_be_forgotten(show):
    page = show(*two())
    number, choice = page.locator(".cnnlab").all()
    number.get_by_label("Your guess", exact=True).fill("16")
    number.get_by_role("button", name="This is my guess").click()
    choice.get_by_role("button", name="Show without guessing").click()
    assert "The answer: the sky." in choice.inner_text()
    page.reload()
    number, choice = page.locator(".cnnlab").nth(0), page.locator(".cnnlab").nth(1)
    choice.wait_for()
    assert "You said 16, and 16 it is." in number.inner_text()
    assert "1 of 1 right" in choice.locator(".cl-status").inner_text()
    number.get_by_role("button", name="Forget my guesses on this page").click()
    assert number.get_by_label("Your guess", exact=True).evaluate(
        "el => el === document.activeElement"
    )
    assert choice.get_by_label("the sky").is_visible()
    page.reload()
    page.get_by_label("Your guess", exact=True).wait_for()
    assert page.evaluate("localStorage.length") == 0


@pytest.mark.browser
def test_the_keyboard_is_enough(show):
    page = show(*two())
    choice = page.locator(".cnnlab").nth(1)
    choice.get_by_label("the sky").focus()
    page.keyboard.press("ArrowDown")  # chooses the second
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert "You said “his back”. The answer: the sky." in choice.inner_text()


@pytest.mark.browser
def test_what_is_no_guess_is_explained_and_nothing_is_told(show):
    page = show(*two())
    number, choice = page.locator(".cnnlab").all()
    number.get_by_label("Your guess", exact=True).fill("many")
    number.get_by_role("button", name="This is my guess").click()
    assert "“many” is not a number" in number.get_by_role("alert").inner_text()
    choice.get_by_role("button", name="This is my guess").click()
    assert "Choose an answer" in choice.get_by_role("alert").inner_text()
    assert not page.locator(".predict-answer").first.is_visible()


@pytest.mark.browser
def test_a_browser_that_keeps_nothing_still_keeps_score_while_the_page_is_open(show):
    page = show(*two())
    page.evaluate(
        """() => { for (const name of ["getItem", "setItem", "removeItem"])
        Storage.prototype[name] = () => { throw new DOMException("refused") }; }"""
    )
    number, choice = page.locator(".cnnlab").all()
    number.get_by_label("Your guess", exact=True).fill("16")
    number.get_by_label("Your guess", exact=True).press("Enter")
    choice.get_by_label("the grass").check()
    choice.get_by_role("button", name="This is my guess").click()
    assert "1 of 2 right" in number.locator(".cl-status").inner_text()
    number.get_by_role("button", name="Forget").click()
    assert choice.get_by_label("the grass").is_visible()


@pytest.mark.browser
@pytest.mark.parametrize("width", [390, 320])
@pytest.mark.parametrize("dark", [False, True])
def test_before_and_after_the_guess_it_fits_a_phone(show, axe, width, dark):
    page = show(*two(), width=width, dark=dark, lang="es")
    for _ in range(2):
        axe(page)
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        for skip in page.get_by_role("button", name="Ver sin responder").all()[::-1]:
            skip.click()
    assert "La respuesta: 16." in page.locator("main").inner_text()


FOLLOWING = """<div class="cell"><p>cell</p></div><div class="cell"><p>drawing</p></div>
<p>text</p><ul><li>list</li></ul><div class="cell tag_remove-input"><p>written by the run</p></div>
{}<p>what is next</p>"""


@pytest.mark.browser
@pytest.mark.parametrize("start", ['<div class="cell">', "<section>"])
def test_the_result_and_the_text_about_it_wait_for_the_guess(write_page, serve, open_page, start):
    path = write_page(two()[0])
    bench = path.read_text("utf-8")
    bench = bench.replace("<section>", '<article class="bd-article"><div class="cell">')
    bench = bench.replace("</section>", f"</div>{FOLLOWING.format(start)}")
    path.write_text(bench, "utf-8")
    page = open_page(serve(path.parent) + path.name)
    names = ["cell", "drawing", "text", "list", "written by the run", "what is next"]
    found = [page.get_by_text(name, exact=True) for name in names]
    page.get_by_label("Your guess", exact=True).wait_for()
    assert [each.is_visible() for each in found] == [False] * 5 + [True]
    page.get_by_role("button", name="Show without guessing").click()
    assert all(each.is_visible() for each in found)
