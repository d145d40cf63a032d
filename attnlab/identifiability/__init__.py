"""Does the output determine the weights? Certificates, intervals and exact laws for Q1 to Q3."""

from attnlab.identifiability.fibre import fibre_intervals, top_certified
from attnlab.identifiability.linear import Nullity, effective_attention, nullity
from attnlab.identifiability.softmax import Inverse, softmax_inverse
from attnlab.identifiability.uniqueness import Uniqueness, is_unique
from attnlab.theory.faces import orthant_probability, unique_probability, weak_threshold

__all__ = [
    "Inverse",
    "Nullity",
    "Uniqueness",
    "effective_attention",
    "fibre_intervals",
    "is_unique",
    "nullity",
    "orthant_probability",
    "softmax_inverse",
    "top_certified",
    "unique_probability",
    "weak_threshold",
]
