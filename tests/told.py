"""The tables of the reference run, with what the parts that made them declare of themselves.

Where the reference run has no audit, or the model whose heads it shows is not installed, one of a few random heads
stands for it: it obeys the laws too.
"""

from __future__ import annotations

import functools
import json
from pathlib import Path
from typing import Any

import pandas as pd
from members import CONF, heads_file, member, members
from omegaconf import OmegaConf
from small_tables import table_of

from attnlab.harness.table import read_csv
from attnlab.tidy import settings_of

RESULTS = Path(__file__).parents[1] / "results" / "reference"
AUDIT = "audit"
RUN = {path.parent.name for path in RESULTS.glob("*/study.json")}
STUDIES = tuple(sorted({*RUN, AUDIT}))
OF_CELLS = tuple(sorted(RUN - {AUDIT}))
"""Studies whose sentences speak of single cells; an audit pools the heads of a layer (`test_audit`)."""


@functools.cache
def reference(study: str) -> pd.DataFrame:
    """A study's table as the same command would make it today: facts as the parts declare them."""
    if study not in RUN or (study == AUDIT and "minilm" not in members("inputs")):
        return table_of(f"experiment={study}", f"inputs.path={heads_file(12, 4, 4)}", "decoded=8", few=())
    return declared(read_csv(RESULTS / study / "results.csv"))


def declared(table: pd.DataFrame) -> pd.DataFrame:
    """The table with one column for each fact of its parts."""
    table = table[[column for column in table if ":" not in str(column)]].copy()
    for group in settings_of(table):
        if not (CONF / group).is_dir():
            continue
        leaves = [column for column in settings_of(table) if column.startswith(f"{group}.")]
        facts = {}
        for place, row in table[[group, *leaves]].drop_duplicates().iterrows():
            settings = {leaf.partition(".")[2]: row[leaf] for leaf in leaves if not pd.isna(row[leaf])}
            facts[place] = _facts(
                group, str(row[group]), json.dumps({k: _plain(v) for k, v in settings.items()})
            )
        for name in dict.fromkeys(name for told in facts.values() for name in told):
            own = table.loc[list(facts), [group, *leaves]].copy()
            own[f"{group}:{name}"] = [told.get(name) for told in facts.values()]
            table = table.merge(own, how="left", on=[group, *leaves])
    return table


@functools.cache
def _facts(group: str, name: str, settings: str) -> dict[str, Any]:
    assert name in members(group)
    asked = json.loads(settings)
    if "text" in OmegaConf.load(CONF / group / f"{name}.yaml"):  # the default, and what was found out of it
        asked = {"text": None, **{key: value for key, value in asked.items() if key != "content"}}
    return dict(member(group, name, **asked).declared())


def _plain(value: Any) -> Any:
    value = value.item() if hasattr(value, "item") else value
    return int(value) if isinstance(value, float) and value.is_integer() else value
