"""FORK_JOIN and JOIN: branches side by side, one place to meet (semantics 5.3, 5.5)."""

import flows
from conductor.client.workflow.conductor_workflow import ConductorWorkflow
from conductor.client.workflow.task.fork_task import ForkTask
from conductor.client.workflow.task.simple_task import SimpleTask
from flows import define, define_task, ended, node, row, run, simple, start, work
from sdk import Sdk


def fork(ref, *branches):
    return {**node("FORK_JOIN", ref), "forkTasks": [list(branch) for branch in branches]}


def join(ref, *join_on):
    return node("JOIN", ref, joinOn=list(join_on))


def types(server, *names):
    for name in names:
        define_task(server, name)


def test_branches_join_and_outputs_meet(server):
    types(server, "left", "right", "after")
    flow = define(
        server,
        "forked",
        fork("split", [simple("left")], [simple("right")]),
        join("meet", "left", "right"),
        simple("after", sum="${meet.output.left.n}"),
    )
    run_id = start(server, flow)
    opened = run(server, run_id)
    assert flows.refs(opened) == ["split", "left", "right", "meet"], flows.refs(opened)
    assert [t["status"] for t in opened["tasks"]] == [
        "COMPLETED",
        "SCHEDULED",
        "SCHEDULED",
        "IN_PROGRESS",
    ]
    assert row(opened, "split")["taskType"] == "FORK"
    work(server, "right", output={"n": 2})
    assert row(run(server, run_id), "meet")["status"] == "IN_PROGRESS"
    work(server, "left", output={"n": 1})
    task = work(server, "after")
    assert task["inputData"] == {"sum": 1}
    done = ended(server, run_id)
    assert row(done, "meet")["outputData"] == {"left": {"n": 1}, "right": {"n": 2}}


def test_failing_branch_cancels_the_others(server):
    types(server, "sound", "broken")
    flow = define(
        server,
        "one_fails",
        fork("split", [simple("sound")], [simple("broken")]),
        join("meet", "sound", "broken"),
    )
    run_id = start(server, flow)
    work(server, "broken", "FAILED", reasonForIncompletion="snapped")
    failed = ended(server, run_id, "FAILED")
    assert "snapped" in failed["reasonForIncompletion"]
    assert row(failed, "sound")["status"] == "CANCELED"
    assert row(failed, "meet")["status"] == "CANCELED", row(failed, "meet")["status"]
    assert flows.poll(server, "sound") is None, "a canceled task was handed out"


def test_branch_retries_before_the_join_decides(server):
    define_task(server, "shaky", retryCount=2)
    types(server, "steady")
    flow = define(
        server,
        "shaky_branch",
        fork("split", [simple("shaky")], [simple("steady")]),
        join("meet", "shaky", "steady"),
    )
    run_id = start(server, flow)
    work(server, "steady")
    work(server, "shaky", "FAILED")
    work(server, "shaky", "FAILED")
    work(server, "shaky", output={"third": True})
    done = ended(server, run_id)
    assert flows.statuses(done, "shaky") == ["FAILED", "FAILED", "COMPLETED"]
    assert row(done, "meet")["outputData"]["shaky"] == {"third": True}


def test_optional_branch_joins_with_errors(server):
    types(server, "must", "may")
    may = {**simple("may"), "optional": True}
    flow = define(
        server,
        "optional_branch",
        fork("split", [simple("must")], [may]),
        join("meet", "must", "may"),
    )
    run_id = start(server, flow)
    work(server, "may", "FAILED")
    work(server, "must")
    done = ended(server, run_id)
    assert row(done, "may")["status"] == "COMPLETED_WITH_ERRORS"
    assert row(done, "meet")["status"] == "COMPLETED_WITH_ERRORS"


def test_nested_forks(server):
    types(server, "outer", "inner_a", "inner_b")
    inner = [
        fork("inner_split", [simple("inner_a")], [simple("inner_b")]),
        join("inner_meet", "inner_a", "inner_b"),
    ]
    flow = define(
        server,
        "nested",
        fork("split", [simple("outer")], inner),
        join("meet", "outer", "inner_meet"),
    )
    run_id = start(server, flow)
    for name in ("inner_b", "outer", "inner_a"):
        work(server, name, output={"by": name})
    done = ended(server, run_id)
    order = flows.refs(done)
    assert order.count("inner_meet") == 1 and order.count("meet") == 1
    inner_meet, meet = row(done, "inner_meet"), row(done, "meet")
    assert inner_meet["endTime"] <= meet["endTime"]
    assert meet["outputData"]["inner_meet"]["inner_a"] == {"by": "inner_a"}


def test_branches_of_several_steps_and_an_empty_join(server):
    types(server, "s1", "s2", "s3")
    flow = define(
        server,
        "longer_branches",
        fork("split", [simple("s1"), simple("s2")], [simple("s3")]),
        join("meet"),
    )
    run_id = start(server, flow)
    assert row(run(server, run_id), "meet")["status"] == "COMPLETED", "an empty joinOn waits"
    for name in ("s1", "s3", "s2"):
        work(server, name)
    ended(server, run_id)


def test_built_with_the_sdk(server):
    types(server, "sdk_left", "sdk_right")
    flow = ConductorWorkflow(name="sdk_forked", version=1, executor=Sdk(server).executor)
    left = SimpleTask("sdk_left", "l")
    right = SimpleTask("sdk_right", "r")
    flow >> ForkTask("split", [[left], [right]], join_on=["l", "r"])
    run_id = flow.start_workflow_with_input({"any": 1})
    work(server, "sdk_left", output={"v": "L"})
    work(server, "sdk_right", output={"v": "R"})
    done = ended(server, run_id)
    assert done["output"] == {"l": {"v": "L"}, "r": {"v": "R"}}, done["output"]
