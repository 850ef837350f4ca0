"""The history: every call with the moments it was issued and answered, in memory.

A call is *acknowledged*, *refused* (the server said no), *unsent* (there was no connection), or
*unknown*: its connection ended without an answer, so it may have happened once, or not at all.
"""

import itertools
import json
import time
from dataclasses import dataclass, field

_numbers = itertools.count(1)


def now():
    """Milliseconds; the order of calls is judged by these."""
    return time.time() * 1000


@dataclass(eq=False)
class Call:
    """One call. `key` is what its effect is recognised by."""

    kind: str
    subject: str
    key: str
    issued: float = field(default_factory=now)
    answered: float | None = None
    outcome: str = "unknown"
    told: object = None
    number: int = field(default_factory=lambda: next(_numbers))

    def settle(self, outcome, told=None):
        self.answered = now()
        self.outcome = outcome
        self.told = told

    @property
    def acknowledged(self):
        return self.outcome == "acknowledged"

    def precedes(self, other):
        """Whether it was answered before the other was issued."""
        return self.acknowledged and self.answered < other.issued


@dataclass(eq=False)
class Run:
    """A run as its clients know it."""

    flow: str
    correlation: str
    run_id: str | None = None
    strategy: str | None = None
    # Nothing more is to be sent to it.
    finished: bool = False


class History:
    """All calls, and what was read meanwhile."""

    def __init__(self):
        self.runs = []
        self.starts = []
        self.results = {}
        self.signals = {}
        self.messages = {}
        self.operations = {}
        self.reads = {}
        self.surprises = []

    def call(self, into, kind, subject, key):
        """A call that is about to leave."""
        made = Call(kind, subject, key)
        if isinstance(into, dict):
            into.setdefault(subject, []).append(made)
        else:
            into.append(made)
        return made

    def surprise(self, what, status, body):
        """An answer that no correct server gives to these calls."""
        self.surprises.append(f"{what}: {status} {body[:200]!r}")

    def open_runs(self):
        return [run for run in self.runs if run.run_id is not None and not run.finished]

    def calls(self):
        every = list(self.starts)
        for kept in (self.results, self.signals, self.messages, self.operations, self.reads):
            every += [call for calls in kept.values() for call in calls]
        return every

    def dump(self, path):
        """One line a call, for whoever has to find out why."""
        with open(path, "w", encoding="utf-8") as file:
            for call in sorted(self.calls(), key=lambda call: call.number):
                file.write(json.dumps(vars(call), default=str) + "\n")
