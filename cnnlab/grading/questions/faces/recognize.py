"""Mend: recognition, or "not recognised"."""

from collections.abc import Callable, Sequence
from functools import partial
from statistics import median

import numpy as np

from cnnlab.grading.question import (
    EXACT,
    Case,
    Question,
    Wrong,
)
from cnnlab.grading.questions.faces.squared_distances import squared

UNKNOWN = -1
Distances = dict[int, list[float]]


def to_people(code: np.ndarray, gallery: np.ndarray, people: np.ndarray) -> Distances:
    """The distances to each person's pictures, the people in ascending order."""
    return {
        int(person): [squared(code, gallery[i]) for i in np.flatnonzero(people == person)]
        for person in sorted(set(people))
    }


def mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)


def recognize(
    codes: np.ndarray,
    gallery: np.ndarray,
    people: np.ndarray,
    threshold: float,
    of_person: Callable[[Sequence[float]], float] = mean,
    known: Callable[..., bool] = lambda found, threshold, table: found <= threshold,
    best: Callable[..., int] = min,
    named: Callable[[int, Distances, np.ndarray], int] = lambda person, table, people: person,
    unknown: int = UNKNOWN,
) -> np.ndarray:
    found = []
    for code in codes:
        table = to_people(code, gallery, people)
        person = best(table, key=lambda one: of_person(table[one]))
        if known(of_person(table[person]), threshold, table):
            found.append(named(person, table, people))
        else:
            found.append(unknown)
    return np.array(found, int)


def place(person: int, table: Distances, people: np.ndarray) -> int:
    return list(table).index(person)


def first_rows(person: int, table: Distances, people: np.ndarray) -> int:
    """The place among the people, read as a place among the pictures."""
    return int(people[list(table).index(person)])


def order_of_enrolment(person: int, table: Distances, people: np.ndarray) -> int:
    return int(list(dict.fromkeys(people.tolist()))[list(table).index(person)])


def nearest_to_the_mean(codes, gallery, people, threshold):
    """A person is the mean of the encodings, not of the distances."""
    ids = np.unique(people)
    centres = np.array([gallery[people == person].mean(axis=0) for person in ids])
    return recognize(codes, centres, ids, threshold)


def right_person_by_any_picture(codes, gallery, people, threshold):
    """The person by the mean, the threshold by the nearest picture of this person."""
    nearest = recognize(codes, gallery, people, np.inf)
    return np.array(
        [
            person if min(to_people(code, gallery, people)[int(person)]) <= threshold else UNKNOWN
            for code, person in zip(codes, nearest, strict=True)
        ]
    )


def without_loops(codes, gallery, people, threshold):
    table = np.square(codes[:, None] - gallery[None]).sum(axis=-1)  # (N, M)
    ids, column = np.unique(people, return_inverse=True)
    member = np.eye(len(ids))[column]  # (M, P)
    each = table @ member / member.sum(axis=0)  # (N, P)
    return np.where(each.min(axis=1) <= threshold, ids[each.argmin(axis=1)], -1)


def as_a_list(codes, gallery, people, threshold):
    answer = []
    for code in codes:
        best, name = threshold, -1
        for person in dict.fromkeys(people.tolist()):
            distance = np.mean(np.sum((gallery[people == person] - code) ** 2, axis=1))
            if distance <= best:
                best, name = distance, person
        answer.append(name)
    return answer


def recognize_cases(rng: np.random.Generator) -> list[Case]:
    return [
        galleries(rng, [2, 1], 2, 3, first=4),
        galleries(rng, [2, 4, 1, 3], 3, 9, first=0, lucky=True),
        galleries(rng, [1, 3, 2], 4, 8, first=1, gaps=True),
        galleries(rng, [3, 1, 4, 2, 2, 1], 6, 16, first=10, gaps=True, lucky=True),
        galleries(rng, [1] * 5, 5, 6, first=2, gaps=True),
        near_misses(rng),
    ]


def galleries(
    rng: np.random.Generator,
    counts: Sequence[int],
    length: int,
    queries: int,
    first: int,
    gaps: bool = False,
    lucky: bool = False,
) -> Case:
    """Encodings of whole numbers, so that a distance can be the threshold itself.

    No encoding is equally far from two people, nor from their nearest pictures. One is exactly at
    the threshold, another one far beyond it. With `lucky`, a picture can mislead: see `misled`.
    """
    while True:
        ids = first + np.cumsum(rng.integers(1, 4, len(counts)) if gaps else [1] * len(counts)) - 1
        people = rng.permutation(np.repeat(ids, counts))
        centres = rng.integers(-4, 5, (len(counts), length))
        gallery = moved(rng, centres[np.searchsorted(ids, people)], 2 if lucky else 1)
        near = moved(rng, centres[rng.integers(0, len(ids), queries)], 1)
        if lucky:  # a picture that looks like somebody else, and people who look as when enrolled
            odd = rng.choice(np.flatnonzero(people == ids[np.argmax(counts)]))
            gallery[odd] = moved(rng, centres[np.argmin(counts)], 1)
            near[: queries // 3] = gallery[rng.integers(0, len(people), queries // 3)]
        far = rng.integers(-9, 10, (queries, length))
        codes = np.where(rng.random((queries, 1)) < 0.7, near, far).astype(float)
        tables = [to_people(code, gallery, people) for code in codes]
        rows = [
            sorted((mean(found), person) for person, found in table.items()) for table in tables
        ]
        nearest = sorted(row[0][0] for row in rows)
        threshold = nearest[queries // 3]
        distinct = all(
            np.diff(sorted(of_person(found) for found in table.values()))[0] > 1e-9
            for table in tables
            for of_person in (mean, min)
        )
        spread = nearest[-1] > threshold**2
        whole = threshold == int(threshold) and threshold > 1
        if distinct and spread and whole and (not lucky or misled(tables, rows, threshold)):
            return codes, gallery.astype(float), people, float(threshold)


def near_misses(rng: np.random.Generator) -> Case:
    """Two encodings, and how far the pictures are from them.

    One is exactly at the threshold of the first person. The second person's first picture, last
    one, and the one in the middle are nearer than the first person's. The other encoding is half a
    step beyond the threshold of the third person.
    """
    here = rng.integers(-9, 10, 3).astype(float)
    there = here + 50
    steps = [
        [(2, 2, 0), (1, 0, 0), (2, 1, 1)],  # 8, 1 and 6: 5 in the mean, 6 in the middle
        [(2, 1, 0), (3, 0, 0), (1, 1, 1)],  # 5, 9 and 3: nearer in the middle only
        [(2, 1, 0), (2, 1, 1)],  # 5 and 6
    ]
    numbers = rng.permutation([0, 0, 0, 1, 1, 1, 2, 2])
    left = [iter(rows) for rows in steps]
    moves = np.array([next(left[number]) for number in numbers])
    gallery = np.where(numbers[:, None] == 2, there, here) + rng.choice([-1, 1], (8, 3)) * moves
    ids = rng.choice(np.arange(3, 40), 3, replace=False)
    return np.array([here, there]), gallery, ids[numbers], 5.0


def moved(rng: np.random.Generator, codes: np.ndarray, reach: int) -> np.ndarray:
    return codes + rng.integers(-reach, reach + 1, codes.shape)


def misled(tables: Sequence[Distances], rows: Sequence, threshold: float) -> bool:
    """Whether a picture misleads in both ways: to somebody else, and to recognise a stranger."""
    elsewhere = stranger = False
    for table, ((distance, person), *_) in zip(tables, rows, strict=True):
        best = min(table, key=lambda one: min(table[one]))
        if distance <= threshold:
            elsewhere |= best != person
        else:
            stranger |= best == person and min(table[person]) <= threshold
    return elsewhere and stranger


QUESTION = Question(
    id="recognize",
    room="faces",
    title="Mend: recognition, or “not recognised”",
    points=3,
    level=2,
    mend=True,
    kind="function",
    cases=recognize_cases,
    oracle=recognize,
    tolerance=EXACT,
    wrong=(
        Wrong(
            "as it was handed out",
            partial(recognize, named=place),
            "It still answers as it did when you got it. Build a gallery that somebody has left,"
            " and look at each array in turn: what does a number in it count?",
        ),
        Wrong(
            "place of a person read as a picture",
            partial(recognize, named=first_rows),
            "You look a person up in a list with an entry for each picture. Compare the length of"
            " this list with the number of people.",
        ),
        Wrong(
            "people in another order than their distances",
            partial(recognize, named=order_of_enrolment),
            "Your people stand in the order in which they were enrolled, and their distances in"
            " another one.",
        ),
        Wrong(
            "no threshold",
            partial(recognize, known=lambda found, threshold, table: True),
            "Everybody is recognised, strangers too: someone is always the nearest.",
        ),
        Wrong(
            "threshold itself not recognised",
            partial(recognize, known=lambda found, threshold, table: found < threshold),
            "Someone exactly at the threshold was not recognised. Read again what happens there.",
        ),
        Wrong(
            "threshold squared",
            partial(recognize, known=lambda found, threshold, table: found <= threshold**2),
            "You squared the threshold, or took the root of the distances. Both are squared"
            " already.",
        ),
        Wrong(
            "nearest picture instead of nearest person",
            partial(recognize, of_person=min),
            "You look for the nearest picture. The question asks for the nearest person: one lucky"
            " picture of somebody else should not decide.",
        ),
        Wrong(
            "sum instead of mean",
            partial(recognize, of_person=sum),
            "You add the distances of a person up, so those with many pictures seem far away.",
        ),
        Wrong(
            "median instead of mean",
            partial(recognize, of_person=median),
            "You take the distance in the middle. The question asks for the mean, in which each"
            " picture of a person counts.",
        ),
        Wrong(
            "distance to the mean encoding",
            nearest_to_the_mean,
            "You compare with a person's mean encoding. The question asks for the mean of the"
            " distances.",
        ),
        Wrong(
            "recognised by any picture of the person",
            right_person_by_any_picture,
            "The right people, but a single near picture of a person is enough for you. The"
            " distance that found the person is the one to compare with the threshold.",
        ),
        Wrong(
            "farthest person",
            partial(
                recognize,
                best=max,
            ),
            "You look for the person who is farthest away.",
        ),
        Wrong(
            "0 for not recognised",
            partial(recognize, unknown=0),
            "Those who are not recognised get the number 0, and that may be somebody's. The"
            " question says which number to use.",
        ),
    ),
    alternatives=(without_loops, as_a_list),
)
