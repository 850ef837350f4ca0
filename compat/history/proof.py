"""Proves the judge: a small good history passes, and each fault put into it is found.

Runs before every check, so that no rule passes only because it cannot fail.
"""

import copy
import json

from record import Call, History, Run
from verdict import Verdict


class _Nobody:
    """The drivers of a history that was made up."""

    def __init__(self, history):
        self.history = history


def _call(kind, subject, key, issued, answered, told=None, outcome="acknowledged"):
    call = Call(kind, subject, key)
    call.issued, call.answered, call.told, call.outcome = issued, answered, told, outcome
    return call


def _task(task_id, ref, output, status="COMPLETED", kind="SIMPLE"):
    return {
        "taskId": task_id,
        "referenceTaskName": ref,
        "taskType": kind,
        "status": status,
        "outputData": output,
        "endTime": 20,
    }


def _state(run_id, flow, tasks, status="COMPLETED"):
    return {
        "workflowId": run_id,
        "workflowName": flow,
        "status": status,
        "endTime": 60,
        "tasks": tasks,
    }


def _read(run_id, flow, issued, status, tasks):
    kept = {task: ("COMPLETED", json.dumps({"send": send})) for task, send in tasks.items()}
    told = {"status": status, "tasks": kept, "flow": flow}
    return _call("read", run_id, "read", issued, issued + 1, told)


def _good():
    """A verdict with something for every rule to look at."""
    history = History()
    history.runs = [Run("hc_results", "keyed", "r", "RETURN_EXISTING")]
    history.starts = [
        _call("start", "keyed", "RETURN_EXISTING", 0, 1, b"r"),
        _call("start", "plain", None, 0, 1, b"s"),
    ]
    history.results = {
        f"t{at}": [_call("result", f"t{at}", f"send-{at}", 10 * at, 10 * at + 1)]
        for at in (1, 2, 3)
    }
    history.signals = {
        "s": [_call("signal", "s", "s1", 2, 3), _call("signal", "s", "s2", 4, 5)],
    }
    history.messages = {
        "m": [_call("message", "m", "m1", 2, 3), _call("message", "m", "m2", 4, 5)],
    }
    history.operations = {
        "r": [_call("pause", "r", "pause", 40, 41), _call("resume", "r", "resume", 48, 49)],
    }
    history.reads = {
        "r": [
            _read("r", "hc_results", 15, "RUNNING", {"t1": "send-1"}),
            _read("r", "hc_results", 42, "PAUSED", {f"t{at}": f"send-{at}" for at in (1, 2, 3)}),
            _read("r", "hc_results", 70, "COMPLETED", {f"t{at}": f"send-{at}" for at in (1, 2, 3)}),
            _read("r", "hc_results", 80, "COMPLETED", {f"t{at}": f"send-{at}" for at in (1, 2, 3)}),
        ],
    }
    verdict = Verdict(_Nobody(history))
    verdict.found = {"keyed": ["r"], "plain": ["s"]}
    steps = zip((1, 2, 3), ("first", "second", "third"), strict=True)
    pulls = [
        _task(f"p{at}", f"inbox__{at}", _messages(f"m{at}"), kind="PULL_WORKFLOW_MESSAGES")
        for at in (1, 2)
    ]
    verdict.final = {
        "r": _state(
            "r",
            "hc_results",
            [_task(f"t{at}", ref, {"send": f"send-{at}"}) for at, ref in steps],
        ),
        "s": _state(
            "s",
            "hc_signals",
            [_task(f"w{at}", f"wait{at}", {"send": f"s{at}"}, kind="WAIT") for at in (1, 2)],
        ),
        "m": _state("m", "hc_messages", pulls),
    }
    return verdict


def _messages(key):
    return {"messages": [{"payload": {"key": key}}]}


def _lose_start(verdict):
    verdict.found["plain"] = []


def _double_start(verdict):
    verdict.found["plain"] = ["s", "s-again"]


def _double_key(verdict):
    verdict.found["keyed"] = ["r", "r-again"]


def _lose_result(verdict):
    verdict.final["r"]["tasks"][0]["outputData"] = {"send": "another"}


def _complete_twice(verdict):
    verdict.final["r"]["tasks"].append(_task("t1-again", "first", {"send": "send-1"}))


def _lose_signal(verdict):
    verdict.final["s"]["tasks"].pop()


def _swap_messages(verdict):
    verdict.final["m"]["tasks"].reverse()


def _repeat_message(verdict):
    verdict.final["m"]["tasks"].append(verdict.final["m"]["tasks"][0])


def _lose_message(verdict):
    verdict.final["m"]["tasks"].pop()


def _live_again(verdict):
    verdict.history.reads["r"][-1].told["status"] = "RUNNING"


def _change_output(verdict):
    verdict.history.reads["r"][2].told["tasks"]["t1"] = ("COMPLETED", "{}")


def _stale_read(verdict):
    verdict.history.reads["r"][0].told["tasks"] = {}


def _ignore_pause(verdict):
    verdict.history.reads["r"][1].told["status"] = "RUNNING"


def _end_otherwise(verdict):
    verdict.final["m"]["status"] = "FAILED"


# The fault, and the first words of the rule that must find it.
FAULTS = (
    (_lose_start, "a start happened"),
    (_double_start, "a start happened"),
    (_double_key, "starts with one"),
    (_lose_result, "an acknowledged result is its"),
    (_complete_twice, "each step"),
    (_lose_signal, "a signal completes"),
    (_swap_messages, "messages are consumed"),
    (_repeat_message, "messages are consumed"),
    (_lose_message, "messages are consumed"),
    (_live_again, "a run that has ended"),
    (_change_output, "what a read showed"),
    (_stale_read, "an acknowledged result is in"),
    (_ignore_pause, "pause, resume"),
    (_end_otherwise, "every run has ended"),
)


def prove():
    """The number of faults; an AssertionError names one that is not found."""
    for rule in _good().judged():
        assert rule.passed, f"a good history breaks: {rule.text} {rule.broken}"
    for fault, words in FAULTS:
        verdict = _good()
        verdict.final = copy.deepcopy(verdict.final)
        # A signal that came to an ended run would be right; here the run ended later.
        verdict.final["s"]["endTime"] = 1000
        fault(verdict)
        broken = [rule.text for rule in verdict.judged() if not rule.passed]
        found = any(text.startswith(words) for text in broken)
        assert found, f"{fault.__name__} is not found; broken: {broken}"
    return len(FAULTS)
