"""The content cost, the style cost over several layers, and their sum."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np

from cnnlab.grading.question import FLOAT32, Case, Question, Wrong
from cnnlab.grading.questions.style.arrays import Array, gram_of, normal, whole

Volumes = Sequence[Array]
Costs = tuple[float, float, float]


def half_the_squares(a: Array, b: Array) -> float:
    return sum((one - other) ** 2 for one, other in zip(a.flat, b.flat, strict=True)) / 2


def squares(difference: Array) -> float:
    return sum(number**2 for number in difference.flat)


def of_one_layer(
    a: Array,
    b: Array,
    below: Callable[..., float] = lambda h, w, c: (2 * h * w * c) ** 2,
    error: Callable[[Array], float] = squares,
    gram: Callable[[Array], Array] = gram_of,
) -> float:
    return error(gram(a) - gram(b)) / below(*a.shape)


def weighted(costs: Sequence[float], weights: Sequence[float]) -> float:
    return sum(weight * cost for cost, weight in zip(costs, weights, strict=True))


def costs_of(
    a_content: Volumes,
    a_style: Volumes,
    a_generated: Volumes,
    content_layer: int,
    weights: Array,
    alpha: float,
    beta: float,
    content: Callable[[Array, Array], float] = half_the_squares,
    layer: Callable[[Array, Array], float] = of_one_layer,
    over: Callable[[Sequence[float], Sequence[float]], float] = weighted,
    total: Callable[..., float] = lambda content, style, a, b: a * content + b * style,
    shows: Callable[[Volumes, Volumes, Volumes], tuple[Volumes, Volumes]] = lambda C, S, G: (C, G),
    manner: Callable[[Volumes, Volumes, Volumes], tuple[Volumes, Volumes]] = lambda C, S, G: (S, G),
) -> Costs:
    """`shows`, `manner`: which two of the three pictures are compared."""
    three = a_content, a_style, a_generated
    one, other = shows(*three)
    J_content = content(one[content_layer], other[content_layer])
    J_style = over([layer(*pair) for pair in zip(*manner(*three), strict=True)], weights)
    return J_content, J_style, total(J_content, J_style, alpha, beta)


def with_layer(**mistake: Any) -> Callable[..., Costs]:
    return partial(costs_of, layer=partial(of_one_layer, **mistake))


def all_layers_content(a_content, a_style, a_generated, _, *rest):
    J_content = sum(map(half_the_squares, a_content, a_generated))
    J_style = costs_of(a_content, a_style, a_generated, 0, *rest)[1]
    _, alpha, beta = rest
    return J_content, J_style, alpha * J_content + beta * J_style


def sizes_of_the_first(a_content, a_style, a_generated, *rest):
    below = (2 * a_style[0].size) ** 2
    return costs_of(
        *(a_content, a_style, a_generated, *rest),
        layer=partial(of_one_layer, below=lambda *_: below),
    )


def with_rows_in_memory_s_order(a: Array) -> Array:
    rows = a.reshape(a.shape[2], -1)
    return rows @ rows.T


def weights_in_the_parts(*case):
    J_content, J_style, J = costs_of(*case)
    return case[-2] * J_content, case[-1] * J_style, J


def at_once(a_content, a_style, a_generated, content_layer, weights, alpha, beta):
    def gram(a):
        places = a.reshape(-1, a.shape[2]).astype("float32")
        return places.T @ places / (2 * a.size)

    J_content = np.linalg.norm(a_content[content_layer] - a_generated[content_layer]) ** 2 / 2
    layers = [np.square(gram(a) - gram(b)).sum() for a, b in zip(a_style, a_generated, strict=True)]
    J_style = np.dot(weights, layers)
    return [J_content, J_style, np.float32(alpha * J_content + beta * J_style)]


def cost_cases(rng: np.random.Generator) -> Sequence[Case]:
    def case(make: Callable[..., Array], shapes: Sequence[tuple], content_layer: int) -> Case:
        three = [[make(rng, *shape) for shape in shapes] for _ in range(3)]
        weights = (rng.permutation(len(shapes)) + 1.3) / 4  # none is 1, nor is their sum
        alpha, beta = rng.permutation([2.0, 3.0, 5.0])[:2]
        return *three, content_layer, weights.round(3), float(alpha), float(10 * beta)

    positive = partial(normal, mean=0.5)
    return [
        case(whole, [(1, 2, 2), (2, 1, 1)], 0),
        case(positive, [(4, 3, 2), (2, 3, 4), (2, 1, 5)], 1),
        case(positive, [(5, 2, 3)], 0),
        case(positive, [(3, 5, 2), (3, 2, 6)], 1),
    ]


QUESTION = Question(
    id="painting_costs",
    room="style",
    title="Content cost and style cost",
    points=4,
    level=2,
    kind="function",
    cases=cost_cases,
    oracle=costs_of,
    tolerance=FLOAT32,
    wrong=(
        Wrong(
            "square missing from the factor",
            with_layer(below=lambda h, w, c: 2 * h * w * c),
            "The style cost is divided by the bracket, but not by its square. The lecture's notes"
            " have lost it, too.",
        ),
        Wrong(
            "the 2 outside of the square",
            with_layer(below=lambda h, w, c: 2 * (h * w * c) ** 2),
            "Below the line of the style cost, you squared the sizes and not the 2. It stands in"
            " the bracket.",
        ),
        Wrong(
            "without the 2",
            with_layer(below=lambda h, w, c: (h * w * c) ** 2),
            "Below the line of the style cost, one factor in the bracket is missing.",
        ),
        Wrong(
            "channels left out of the factor",
            with_layer(below=lambda h, w, c: (2 * h * w) ** 2),
            "Below the line of the style cost stand the places, but not the channels.",
        ),
        Wrong(
            "places left out of the factor",
            with_layer(below=lambda h, w, c: (2 * c) ** 2),
            "Below the line of the style cost stand the channels, but not the places. A Gram"
            " matrix that is a sum grows with them.",
        ),
        Wrong(
            "sizes of the first layer for all",
            sizes_of_the_first,
            "All layers are divided by the sizes of the first one. Each has its own n_H, n_W and"
            " n_C.",
        ),
        Wrong(
            "differences not squared",
            with_layer(error=lambda difference: np.abs(difference).sum()),
            "In the style cost, you added the distances of the entries. They are squared first.",
        ),
        Wrong(
            "root of the sum",
            with_layer(error=lambda difference: np.sqrt(squares(difference))),
            "In the style cost, you took a root. The norm of the difference is squared.",
        ),
        Wrong(
            "mean of the differences",
            with_layer(error=lambda difference: np.mean(difference**2)),
            "In the style cost, you took the mean of the squares. What is divided stands below the"
            " line already; above it is a sum.",
        ),
        Wrong(
            "Gram matrix of the difference",
            partial(costs_of, layer=lambda a, b: squares(gram_of(a - b)) / (2 * a.size) ** 2),
            "You took the Gram matrix of the difference of the two volumes. The question asks for"
            " the difference of the two Gram matrices.",
        ),
        Wrong(
            "divided by the places twice",
            with_layer(gram=lambda a: gram_of(a) / (a.shape[0] * a.shape[1])),
            "Your Gram matrices are means over the places, and the factor divides by the places"
            " once more.",
        ),
        Wrong(
            "Gram matrices over places",
            with_layer(gram=lambda a: a.reshape(-1, a.shape[2]) @ a.reshape(-1, a.shape[2]).T),
            "Your Gram matrices compare places. Look at your answer to the question before.",
        ),
        Wrong(
            "reshaped in the wrong order",
            with_layer(gram=with_rows_in_memory_s_order),
            "Your Gram matrices have the right size, but their rows are no channels: `reshape` only"
            " cuts the numbers anew, in the order in which they lie, and channels are the last"
            " axis.",
        ),
        Wrong(
            "one triangle only",
            with_layer(error=lambda difference: squares(np.triu(difference))),
            "Your style cost counts each pair of channels once. The sum runs over k and k', so over"
            " all entries of the matrix.",
        ),
        Wrong(
            "styles compared place by place",
            partial(costs_of, layer=lambda a, b: squares(a - b) / (2 * a.size) ** 2),
            "Your style cost compares the volumes themselves, place by place. That is content; for"
            " the style, the places are added up first.",
        ),
        Wrong(
            "style of G against C",
            partial(costs_of, manner=lambda C, S, G: (C, G)),
            "Your style cost compares G with the content picture. Whose style is wanted?",
        ),
        Wrong(
            "style of S against C",
            partial(costs_of, manner=lambda C, S, G: (S, C)),
            "Your style cost has nothing of G in it, so no descent could lower it.",
        ),
        Wrong(
            "layers not weighted",
            partial(costs_of, over=lambda costs, weights: sum(costs)),
            "All layers weigh alike. Each has a weight λ[l].",
        ),
        Wrong(
            "mean of the layers",
            partial(costs_of, over=lambda costs, weights: np.mean(costs)),
            "You took the mean of the layers, without their weights.",
        ),
        Wrong(
            "weights divided by their sum",
            partial(costs_of, over=lambda costs, w: weighted(costs, w / np.sum(w))),
            "You divided the weights of the layers by their sum. That may be a good idea, but the"
            " question asks for the weights as they are.",
        ),
        Wrong(
            "mean of the weighted layers",
            partial(costs_of, over=lambda costs, w: weighted(costs, w) / len(w)),
            "You weighted the layers, and divided by how many there are. The weights are all that"
            " the question wants.",
        ),
        Wrong(
            "last layer only",
            partial(costs_of, over=lambda costs, w: w[-1] * costs[-1]),
            "Only the last layer is left in your style cost. Does your loop add, or overwrite?",
        ),
        Wrong(
            "content cost without the half",
            partial(costs_of, content=lambda a, b: squares(a - b)),
            "Your content cost is too large by a factor. What stands before the norm?",
        ),
        Wrong(
            "content cost as a mean",
            partial(costs_of, content=lambda a, b: np.mean((a - b) ** 2)),
            "Your content cost is a mean, as many losses are. The question asks for half the sum.",
        ),
        Wrong(
            "half the mean",
            partial(costs_of, content=lambda a, b: np.mean((a - b) ** 2) / 2),
            "The half is there, but your content cost divides by how many numbers there are. It is"
            " a sum.",
        ),
        Wrong(
            "content cost with the root",
            partial(costs_of, content=lambda a, b: np.linalg.norm(a - b) / 2),
            "Your content cost has a root. The norm is squared.",
        ),
        Wrong(
            "content of S",
            partial(costs_of, shows=lambda C, S, G: (S, G)),
            "Your content cost compares G with the style picture. Whose content is wanted?",
        ),
        Wrong(
            "content of all layers",
            all_layers_content,
            "Your content cost adds up all layers. The question names one for it.",
        ),
        Wrong(
            "α and β swapped",
            partial(costs_of, total=lambda content, style, a, b: b * content + a * style),
            "Both costs are right. In their sum, α and β changed places.",
        ),
        Wrong(
            "α and β forgotten",
            partial(costs_of, total=lambda content, style, a, b: content + style),
            "Both costs are right. In their sum, they have no weights.",
        ),
        Wrong(
            "α and β in the parts",
            weights_in_the_parts,
            "Your J is right. The first two numbers have α and β in them already: they are asked"
            " for without.",
        ),
    ),
    alternatives=(at_once,),
)
