"""A sentence names the channel as soon as the study has more than the exact one."""

from __future__ import annotations

import pandas as pd

from attnlab.verdicts.scene import condition


def test_the_exact_channel_is_named_beside_others_and_not_alone() -> None:
    study = pd.DataFrame(
        {
            "channel": ["exact", "noise"],
            "channel.sigma": [None, 0.1],
            "channel:says": ["the output itself", "noise"],
            "channel:unsaid": [True, False],
            "metric": "top1",
            "value": 0.5,
        }
    )
    exact = study.iloc[:1]
    assert "the output itself" in condition(exact, study)
    assert "the output itself" not in condition(exact, exact)
