"""The costs of style transfer: what a picture shows, how it is painted, and how rough it is.

L. A. Gatys, A. S. Ecker, M. Bethge, Image style transfer using convolutional neural networks, CVPR
2016, sections 2.1 and 2.2. Written with `keras.ops`: arrays and tensors of every backend go in.
"""

from typing import Any

from keras import ops


def content_cost(a_content: Any, a_generated: Any) -> Any:
    """How far one picture is from showing what another shows: ½ ‖a(C) − a(G)‖².

    Parameters
    ----------
    a_content, a_generated
        What one layer answers to the two pictures, of one shape, ``(H, W, C)`` or with more axes.

    Returns
    -------
    tensor
        One number.

    Raises
    ------
    ValueError
        If the shapes differ.
    """
    a_content, a_generated = _float(a_content), _float(a_generated)
    if tuple(a_content.shape) != tuple(a_generated.shape):
        raise ValueError(
            f"a_generated has shape {tuple(a_generated.shape)}; expected that of a_content,"
            f" {tuple(a_content.shape)}: content is compared place by place"
        )
    return ops.sum(ops.square(a_content - a_generated)) / 2


def gram_matrix(a: Any) -> Any:
    """How often each two channels are large at the same place, wherever that is.

    G_kk' = Σ_ij a_ijk · a_ijk'. It is symmetric, and shuffling the places leaves it as it is.

    Parameters
    ----------
    a
        What a layer answers, ``(H, W, C)`` or ``(N, H, W, C)``.

    Returns
    -------
    tensor
        ``(C, C)`` or ``(N, C, C)``.

    Raises
    ------
    ValueError
        If `a` has another number of axes.
    """
    a = _placed("a", a)
    *_, H, W, C = a.shape
    places = ops.reshape(a, (*a.shape[:-3], H * W, C))  # (N, H·W, C)
    return ops.matmul(ops.swapaxes(places, -1, -2), places)  # (N, C, C)


def style_cost(a_style: Any, a_generated: Any) -> Any:
    """How far one picture is from being painted like another, as one layer sees it.

    For pictures of one size it is the lecture's formula with its square put right:
    ``Σ (G(S) − G(G))² / (2 · n_H · n_W · n_C)²``. A larger picture has more places to sum over, so
    each Gram matrix is divided by its own n_H · n_W; then the pictures may have different sizes.

    Parameters
    ----------
    a_style, a_generated
        What one layer answers to the two pictures, ``(H, W, C)`` or ``(N, H, W, C)``, with the
        same number of channels.

    Returns
    -------
    tensor
        One number.

    Raises
    ------
    ValueError
        If the channels differ.
    """
    a_style, a_generated = _float(a_style), _float(a_generated)
    C = a_style.shape[-1]
    if a_generated.shape[-1] != C:
        raise ValueError(
            f"a_generated has {a_generated.shape[-1]} channels; expected those of a_style, {C}"
        )
    return gram_cost(mean_gram(a_style), mean_gram(a_generated))


def mean_gram(a: Any) -> Any:
    """The Gram matrix divided by the number of places, so that pictures of two sizes compare."""
    H, W = a.shape[-3:-1]
    return gram_matrix(a) / (H * W)


def gram_cost(gram_style: Any, gram_generated: Any) -> Any:
    """:func:`style_cost` of two matrices from :func:`mean_gram`: Σ (…)² / (2 · n_C)²."""
    C = gram_style.shape[-1]
    return ops.sum(ops.square(gram_style - gram_generated)) / (2 * C) ** 2


def total_variation(x: Any) -> Any:
    """How rough a picture is: the sum of what neighbours, below and to the right, differ by.

    Parameters
    ----------
    x
        A picture ``(H, W, C)``, or several ``(N, H, W, C)``.

    Returns
    -------
    tensor
        One number, as `tf.image.total_variation` gives for one picture.

    Raises
    ------
    ValueError
        If `x` has another number of axes.
    """
    x = _placed("x", x)
    down = x[..., 1:, :, :] - x[..., :-1, :, :]  # (N, H − 1, W, C)
    right = x[..., :, 1:, :] - x[..., :, :-1, :]  # (N, H, W − 1, C)
    return ops.sum(ops.abs(down)) + ops.sum(ops.abs(right))


def _placed(name: str, a: Any) -> Any:
    a = _float(a)
    if len(a.shape) not in (3, 4):
        shape = tuple(a.shape)
        raise ValueError(f"{name} has shape {shape}; expected axes (H, W, C) or (N, H, W, C)")
    return a


def _float(a: Any) -> Any:
    a = ops.convert_to_tensor(a)
    return a if "float" in str(a.dtype) else ops.cast(a, "float32")
