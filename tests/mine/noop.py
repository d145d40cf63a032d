"""Noop: does the harness itself work?

Draws one number per trial, or misbehaves on purpose.
"""

import contextlib
import itertools
import logging
import os
import signal
import time

import numpy as np

from attnlab.inputs.base import Inputs
from attnlab.intervals import ANY, SHARE, Measure
from attnlab.parts import Declined, Unavailable
from attnlab.verdicts import Verdict, interval

VERSION = 1
MEASURES = {"draw": ANY, "positive": SHARE, "never": Measure(absent=True)}


def trial(inputs: Inputs, level: int, mood: str, trials: int, rng):
    if mood == "raise":
        raise RuntimeError(f"level {level} broke on purpose")
    if mood == "exit":
        raise SystemExit(3)
    if mood == "decline":
        raise Declined(f"level {level} is not possible")
    if mood == "lack":
        raise Unavailable("pip install the-missing-thing")
    if mood == "die":
        os._exit(9)
    if mood == "sleep":
        time.sleep(60)
    if mood == "deaf":
        with contextlib.suppress(Exception):
            time.sleep(60)
    if mood == "compiled":  # never comes back to Python
        sum(itertools.repeat(0))
    if mood == "stubborn":
        while True:
            with contextlib.suppress(BaseException):
                time.sleep(60)
    if mood == "partial":  # the numbers of half a measurement
        with contextlib.suppress(BaseException):
            time.sleep(60)
    if mood == "unalarmed":
        signal.signal(signal.SIGALRM, signal.SIG_IGN)
        time.sleep(60)
    if mood == "keyboard":
        raise KeyboardInterrupt
    if mood == "elsewhere":
        os.chdir("/")
    if mood == "forks" and os.fork() == 0:
        time.sleep(60)
    if mood == "long":
        raise RuntimeError(f"level {level} " + "x" * 100_000)
    if mood == "alarm":
        signal.setitimer(signal.ITIMER_REAL, 0.01)
        time.sleep(0.1)
    if mood == "unlogged":
        for handler in logging.getLogger("attnlab").handlers:
            if isinstance(handler, logging.FileHandler) and handler.stream is not None:
                os.close(handler.stream.fileno())
    if mood == "brief":
        time.sleep(0.05)
    if mood == "slow":
        time.sleep(0.2)
    if mood == "once":
        marker = os.environ["NOOP_MARKER"]
        if not os.path.exists(marker):
            open(marker, "w").close()
            raise RuntimeError("the first time only")
    draw = rng("inputs").standard_normal(trials) + level
    return {"draw": draw, "positive": draw > 0, "never": np.full(trials, np.nan)}


def verdict(table):
    return Verdict((f"The mean draw is {interval(table, 'draw')}.",), (), ("It measures nothing.",))
