"""The first contest of lesson 7, and a study of scales: what their stored rows are called.

The rows of `few_labels.csv`, `crossed.csv`, `scales.csv` and `spread_codes.csv` are of commit
5da869b, whose modules of these names trained them (the last one by `spread_labels`). The fair
question that took their place is in `representations`.
"""

LABELS = (10, 30, 100, 300, 500, 1_000, 3_000, 6_000)
#: Of how many draws there is everything that a method can choose.
CHOOSING = {10: 4, 100: 4, 6_000: 4}
PIXELS = "pixels, logistic regression"
PRINCIPAL = "PCA-48 + MLP"
RANDOM = "random encoder, frozen"
FROZEN = "autoencoder, frozen"
TUNED = "autoencoder, fine-tuned"
SCRATCH = "from scratch"
BOTH = "both losses together"
METHODS = (PIXELS, PRINCIPAL, RANDOM, FROZEN, TUNED, SCRATCH, BOTH)
#: What a method gets that chooses nothing: a penalty, both losses alike, or a learning rate.
UNCHOSEN, UNCHOSEN_RATE = {PIXELS: 1.0, BOTH: 1.0}, 0.003
REMEDIES = ("denoising", "wide code", "affine moves")
FAIRNESS = ("scale of the code", "head first", "encoder at a tenth")
#: Other ways to pretrain, by the part of each image that is masked.
PRETRAINING = {
    "a quarter masked": 0.25,
    "half masked": 0.5,
    "three quarters masked": 0.75,
    "ten epochs": None,
    "pretrained on moves": None,
    "moves throughout": None,
}
VARIANTS = (*REMEDIES, *FAIRNESS, *PRETRAINING)
#: Those in which the labelled images are moved.
MOVED = ("affine moves", "moves throughout")
STEPS, MORE_STEPS = 360, 1_440
#: The codes of the study of scales, how each was divided, and what was put on it.
CODES = ("pixels", "PCA-48", "random code", "autoencoder's code")
SCALES, HEADS, SCALED_LABELS = ("each", "one"), ("regression", "mlp", "neighbour"), LABELS[:4]


def unchosen(rows):
    """Those of the rows in which a method had what it gets if it chooses nothing."""
    return rows[rows.choice == rows.method.map(UNCHOSEN).fillna(UNCHOSEN_RATE)]
