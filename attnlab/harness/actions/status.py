"""Status: how far every study is; writes nothing."""

from attnlab.harness.actions.plan import act

__all__ = ["act"]
