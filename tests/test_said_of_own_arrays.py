"""Pages over heads of a file of one's own: no limit is about other values than theirs."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from members import heads_file
from small_tables import table_of

from experiments import asker, recovery

FILE = f"inputs.path={heads_file(n=16)}"
CONF = Path(__file__).parents[1] / "conf" / "experiment"


@pytest.fixture(scope="module")
def recovered() -> pd.DataFrame:
    return table_of(
        "experiment=recovery",
        *("inputs=arrays", FILE, "decoder=softmax_inverse"),
        *("weights=softmax,uniform_support,hard", "weights.support=1,2,4,8"),
    )


def test_who_knows_the_keys_is_asked_of_weights_that_a_query_gives(recovered: pd.DataFrame) -> None:
    """However many sparse weights a grid has beside them: those no such observer can name."""
    (said,) = (told for told in recovery.verdict(recovered).sentences if told.startswith("Someone who also"))
    assert "softmax weights, " in said and "equal weight" not in said, said


def test_no_limit_speaks_of_values_drawn_at_random() -> None:
    found = asker.verdict(table_of("experiment=asker", "inputs=arrays", FILE, "collision.pairs=random"))
    assert found.sentences
    for limit in found.limits:
        assert "random values" not in limit and "trained head" not in limit
