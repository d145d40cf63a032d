"""The public names with their types; `__init__.py` finds them when they are first used."""

from attnlab.identifiability.bracket import lost_by_degree as lost_by_degree
from attnlab.identifiability.bracket import softmax_rivals as softmax_rivals
from attnlab.identifiability.degree import query_degree as query_degree
from attnlab.identifiability.fibre import fibre_intervals as fibre_intervals
from attnlab.identifiability.fibre import top_certified as top_certified
from attnlab.identifiability.linear import effective_attention as effective_attention
from attnlab.identifiability.linear import nullity as nullity
from attnlab.identifiability.order_type import same_order_type as same_order_type
from attnlab.identifiability.softmax import softmax_inverse as softmax_inverse
from attnlab.identifiability.uniqueness import is_unique as is_unique
from attnlab.recording import record as record
from attnlab.science import attend as attend
from attnlab.science import collide as collide
from attnlab.science import decode as decode
from attnlab.session import run as run
from attnlab.study import Study as Study
from attnlab.study import load as load
from attnlab.study import studies as studies
from attnlab.theory.faces import orthant_probability as orthant_probability
from attnlab.theory.faces import unique_probability as unique_probability
from attnlab.theory.faces import weak_threshold as weak_threshold
from attnlab.theory.rivals import expected_rivals as expected_rivals

__version__: str
__all__: list[str]
_HOMES: dict[str, str]
