"""Who is this? Siamese encoders, the triplet loss, verification, and a gallery of people.

Distances, rates and the choice of pairs need NumPy only. The rest needs Keras, which takes seconds
to import, so every name is imported when it is first asked for.
"""

from cnnlab.lazy import attach

HOMES = {
    # distances
    "all_pairs": "distances",
    "squared_distances": "distances",
    "unit_length": "distances",
    # how good is it?
    "Crossing": "metrics",
    "Roc": "metrics",
    "equal_error_rate": "metrics",
    "error_rates": "metrics",
    "one_shot_accuracy": "metrics",
    "roc": "metrics",
    "threshold_at": "metrics",
    # the network
    "UnitLength": "network",
    "encode": "network",
    "encoder": "network",
    "siamese": "network",
    "similarity_head": "network",
    # losses
    "MINING": "losses",
    "TripletLoss": "losses",
    "batch_triplet_loss": "losses",
    "contrastive_loss": "losses",
    "triplet_loss": "losses",
    "Kinds": "triplets",
    "count_kinds": "triplets",
    # training
    "CollapseWatch": "collapse",
    "PKBatches": "batches",
    "Pairs": "pairing",
    "pairs": "pairing",
    # the gallery
    "Answer": "gallery",
    "Gallery": "gallery",
    "NOT_RECOGNISED": "gallery",
}
__all__ = list(HOMES)
__getattr__, __dir__ = attach(__name__, HOMES)
