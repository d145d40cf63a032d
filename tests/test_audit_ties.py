"""Where the largest weight is tied no position is on top: counted, and left out of what the top could be."""

from __future__ import annotations

import numpy as np
import pytest
from conftest import Lab

from attnlab import audit
from attnlab.arrays import Array
from attnlab.inputs.heads import Heads

VALUES = np.random.default_rng(0).standard_normal((6, 2))
SHARP = np.full((6, 6), 0.1) + 0.4 * np.eye(6)


@pytest.mark.parametrize("tied", [[0, 1, 2, 3, 4, 5], [2], []])
def test_rows_without_a_top_are_counted_and_not_asked_what_it_could_be(lab: Lab, tied: list[int]) -> None:
    weights: Array = SHARP.copy()
    weights[tied] = 1 / 6
    found = audit.audited(Heads(values=VALUES, weights=weights).head(0, 0), 6, 1)
    for name in ("could_vanish", "top_width"):
        assert np.flatnonzero(np.isnan(found[name])).tolist() == tied
    path = lab.folder / "mine.npz"
    np.savez(path, weights=weights, values=VALUES)
    assert lab("experiment=audit", f"inputs.path={path}", "exec=serial", "searched=1").code == 0
    page = (lab.results / "audit" / "report.md").read_text()
    assert (f"so that no position is on top: {len(tied)}." in page) == bool(tied)
    assert ("and as much elsewhere, so no position is on top" in page) == bool(tied)


@pytest.mark.parametrize("tied", [[0, 1, 2, 3, 4, 5], [2], []])
def test_nobody_names_a_top_that_there_is_not(lab: Lab, tied: list[int]) -> None:
    """Whoever is asked of the position on top has no value where none is; the other rows keep their numbers."""
    weights: Array = SHARP.copy()
    untied = audit.audited(Heads(values=VALUES, weights=weights).head(0, 0), 6, 1)
    weights[tied] = 1 / 6
    found = audit.audited(Heads(values=VALUES, weights=weights).head(0, 0), 6, 1)
    asked = [name for name in found if name.endswith("_top1") and np.isfinite(untied[name]).any()]
    others = np.setdiff1d(np.arange(6), tied)
    assert {"max_entropy_top1", "effective_top1", "norm_top1"} <= {*asked}
    for name in (*asked, "first_top"):
        assert np.flatnonzero(np.isnan(found[name])).tolist() == tied
        assert np.array_equal(found[name][others], untied[name][others])
    path = lab.folder / "mine.npz"
    np.savez(path, weights=weights, values=VALUES)
    assert lab("experiment=audit", f"inputs.path={path}", "exec=serial", "searched=1").code == 0
    page = (lab.results / "audit" / "report.md").read_text()
    said = f"In {len(tied)} of 6 rows the largest weight is tied: no position is on top there"
    assert (said in page) == bool(tied)
    if len(tied) == 6:
        assert "names the top position" not in page and "has the same top position" not in page
