"""Answers that name images by their places, as draws of labelled images do."""

from aelib.exercises.answers import Wrong


def places(answer, value, labels):
    """The indices in `value`, `(n,)`, once they are seen to be places in `labels`.

    Raises:
        Wrong: they are something else, or a place that there is not.
    """
    indices = answer.array(value)
    if indices.dtype.kind == "b":
        raise Wrong("it returns a mask of true and false; the places of the images are asked for.")
    if indices.ndim != 1 or indices.dtype.kind == "f":
        came = "decimals" if indices.dtype.kind == "f" else f"the shape {indices.shape}"
        raise Wrong(f"it should return {answer.returns}, but {came} came.")
    if len(indices) and not (indices.min() >= 0 and indices.max() < len(labels)):
        raise Wrong(
            f"with {len(labels)} images the index {indices.max()} came: indices run from 0 to "
            f"{len(labels) - 1}."
        )
    return indices
