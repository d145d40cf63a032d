"""What an attention sum keeps and what it loses: the science by name, and studies from Python.

`import attnlab` is quick: a name is looked up in the module of its own when it is first used (PEP 562).
"""

import importlib

_HOMES = {
    "Study": "attnlab.study",
    "attend": "attnlab.science",
    "collide": "attnlab.science",
    "decode": "attnlab.science",
    "effective_attention": "attnlab.identifiability.linear",
    "expected_rivals": "attnlab.theory.rivals",
    "fibre_intervals": "attnlab.identifiability.fibre",
    "is_unique": "attnlab.identifiability.uniqueness",
    "load": "attnlab.study",
    "lost_by_degree": "attnlab.identifiability.bracket",
    "nullity": "attnlab.identifiability.linear",
    "orthant_probability": "attnlab.theory.faces",
    "query_degree": "attnlab.identifiability.degree",
    "record": "attnlab.recording",
    "run": "attnlab.session",
    "same_order_type": "attnlab.identifiability.order_type",
    "softmax_inverse": "attnlab.identifiability.softmax",
    "softmax_rivals": "attnlab.identifiability.bracket",
    "studies": "attnlab.study",
    "top_certified": "attnlab.identifiability.fibre",
    "unique_probability": "attnlab.theory.faces",
    "weak_threshold": "attnlab.theory.faces",
}
"""Where each public name lives."""
__all__ = ["__version__", *_HOMES]


def __getattr__(name: str) -> object:
    if name == "__version__":
        value = importlib.import_module("attnlab.edition").VERSION
    elif name in _HOMES:
        value = getattr(importlib.import_module(_HOMES[name]), name)
    else:
        raise AttributeError(f"module 'attnlab' has no attribute {name!r}")
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
