"""Does the output determine the weights? Certificates, intervals and exact laws for Q1 to Q3."""

from attnlab.identifiability.bracket import Rivals, lost_by_degree, softmax_rivals
from attnlab.identifiability.degree import Degree, query_degree
from attnlab.identifiability.fibre import TopVerdict, fibre_intervals, top_certified
from attnlab.identifiability.linear import Nullity, effective_attention, nullity
from attnlab.identifiability.order_type import same_order_type
from attnlab.identifiability.scenario import Scenario, softmax_scenario
from attnlab.identifiability.softmax import Inverse, softmax_inverse
from attnlab.identifiability.uniqueness import Uniqueness, is_unique
from attnlab.theory.faces import orthant_probability, unique_probability, weak_threshold
from attnlab.theory.rivals import ExpectedRivals, expected_rivals

__all__ = [
    "Degree",
    "ExpectedRivals",
    "Inverse",
    "Nullity",
    "Rivals",
    "Scenario",
    "TopVerdict",
    "Uniqueness",
    "effective_attention",
    "expected_rivals",
    "fibre_intervals",
    "is_unique",
    "lost_by_degree",
    "nullity",
    "orthant_probability",
    "query_degree",
    "same_order_type",
    "softmax_inverse",
    "softmax_rivals",
    "softmax_scenario",
    "top_certified",
    "unique_probability",
    "weak_threshold",
]
