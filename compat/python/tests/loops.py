"""DO_WHILE: iterations, their names, and what the loop leaves behind (semantics 5.9)."""

import flows
from conductor.client.workflow.conductor_workflow import ConductorWorkflow
from conductor.client.workflow.task.do_while_task import LoopTask
from conductor.client.workflow.task.simple_task import SimpleTask
from flows import (
    define,
    define_task,
    ended,
    inline,
    node,
    row,
    run,
    simple,
    start,
    work,
)
from sdk import Sdk


def loop(ref, condition, *body, inputs=None):
    return node("DO_WHILE", ref, inputs, loopCondition=condition, loopOver=list(body))


def test_iterations_have_names_and_outputs(server):
    define_task(server, "turn")
    body = simple("turn", "x", before="${x.output.n}")
    run_id = start(server, define(server, "three", loop("loop", "$.loop.iteration < 3", body)))
    for n in (1, 2, 3):
        task = work(server, "turn", output={"n": n})
        assert task["referenceTaskName"] == f"x__{n}", task["referenceTaskName"]
        assert task["iteration"] == n and task["loopOverTask"] is True
        assert task["inputData"]["before"] == (n - 1 or None), task["inputData"]
    done = ended(server, run_id)
    assert flows.refs(done) == ["loop", "x__1", "x__2", "x__3"], flows.refs(done)
    output = row(done, "loop")["outputData"]
    assert output == {
        "iteration": 3,
        "1": {"x": {"n": 1}},
        "2": {"x": {"n": 2}},
        "3": {"x": {"n": 3}},
    }, output


def test_body_output_decides_and_is_visible_after_the_loop(server):
    define_task(server, "ask")
    define_task(server, "tell")
    flow = define(
        server,
        "until_enough",
        loop("loop", "$.x.more === true", simple("ask", "x")),
        simple("tell", last="${x.output.value}", rounds="${loop.output.iteration}"),
    )
    run_id = start(server, flow)
    work(server, "ask", output={"more": True, "value": "a"})
    work(server, "ask", output={"more": False, "value": "b"})
    assert work(server, "tell")["inputData"] == {"last": "b", "rounds": 2}
    ended(server, run_id)


def test_condition_reads_the_loops_own_input(server):
    body = inline("step", "$.n + 1", n="${loop.output.iteration}")
    flow = define(
        server,
        "limited",
        loop(
            "loop",
            "$.loop.iteration < $.limit",
            body,
            inputs={"limit": "${workflow.input.limit}"},
        ),
    )
    done = flows.execute(server, flow, {"limit": 4})
    assert done["status"] == "COMPLETED", done["status"]
    results = [t["outputData"]["result"] for t in done["tasks"] if t["taskType"] == "INLINE"]
    assert results == [2, 3, 4, 5], results


def test_retries_inside_an_iteration_keep_its_name(server):
    define_task(server, "wobbly", retryCount=1)
    condition = "$.loop.iteration < 2"
    run_id = start(
        server, define(server, "wobbling", loop("loop", condition, simple("wobbly", "x")))
    )
    work(server, "wobbly", "FAILED")
    again = work(server, "wobbly")
    assert again["referenceTaskName"] == "x__1" and again["retryCount"] == 1
    assert again["iteration"] == 1
    work(server, "wobbly")
    done = ended(server, run_id)
    assert flows.statuses(done, "x__1") == ["FAILED", "COMPLETED"]
    assert flows.statuses(done, "x__2") == ["COMPLETED"]


def test_failing_body_fails_the_run_and_cancels_the_loop(server):
    define_task(server, "fatal")
    run_id = start(
        server, define(server, "broken_loop", loop("loop", "true", simple("fatal", "x")))
    )
    work(server, "fatal", "FAILED", reasonForIncompletion="bad turn")
    failed = ended(server, run_id, "FAILED")
    assert "bad turn" in failed["reasonForIncompletion"]
    assert row(failed, "loop")["status"] == "CANCELED", row(failed, "loop")["status"]


def test_condition_error_fails_for_good(server):
    body = inline("step", "1")
    done = flows.execute(
        server, define(server, "bad_condition", loop("loop", "$.no.such.thing", body))
    )
    assert done["status"] == "FAILED", done["status"]
    (task,) = [t for t in done["tasks"] if t["referenceTaskName"] == "loop"]
    assert task["status"] == "FAILED_WITH_TERMINAL_ERROR", task["status"]


def test_several_steps_and_a_fork_in_the_body(server):
    define_task(server, "b1")
    define_task(server, "b2")
    fork = {**node("FORK_JOIN", "split"), "forkTasks": [[simple("b1")], [simple("b2")]]}
    body = [inline("head", "'h'"), fork, node("JOIN", "meet", joinOn=["b1", "b2"])]
    run_id = start(server, define(server, "fork_loop", loop("loop", "$.loop.iteration < 2", *body)))
    for n in (1, 2):
        for name in ("b1", "b2"):
            task = work(server, name, output={"n": n})
            assert task["referenceTaskName"] == f"{name}__{n}"
    done = ended(server, run_id)
    for n in (1, 2):
        outputs = row(done, f"meet__{n}")["outputData"]
        assert sorted(outputs) == [f"b1__{n}", f"b2__{n}"], outputs


def test_long_loop_without_workers(server):
    """A loop of sync tasks is one run's business: no growth of the stack, no stall."""
    body = node("SET_VARIABLE", "set", {"at": "${loop.output.iteration}"})
    flow = define(server, "long", loop("loop", "$.loop.iteration < 500", body))
    done = ended(server, start(server, flow), seconds=60)
    assert row(done, "loop")["outputData"]["iteration"] == 500
    assert done["variables"] == {"at": 500}, done["variables"]
    assert len(done["tasks"]) == 501


def test_terminate_ends_an_endless_loop(server):
    body = node("SET_VARIABLE", "set", {"at": "${loop.output.iteration}"})
    run_id = start(server, define(server, "endless", loop("loop", "true", body)))
    other = flows.execute(server, define(server, "short", inline("one", "1")))
    assert other["status"] == "COMPLETED", "an endless loop held another run"
    server.delete(f"/api/workflow/{run_id}", reason="enough").expect(200)
    reply = server.get(f"/api/workflow/{run_id}", includeTasks="false").expect(200).json()
    assert reply["status"] == "TERMINATED", reply["status"]
    assert reply["tasks"] == []


def test_built_with_the_sdk(server):
    define_task(server, "sdk_turn")
    flow = ConductorWorkflow(name="sdk_loop", version=1, executor=Sdk(server).executor)
    flow >> LoopTask("loop", 2, [SimpleTask("sdk_turn", "x")])
    run_id = flow.start_workflow_with_input({"a": 1})
    work(server, "sdk_turn", output={"n": 1})
    work(server, "sdk_turn", output={"n": 2})
    done = ended(server, run_id)
    assert row(done, "loop")["outputData"]["2"] == {"x": {"n": 2}}
    assert row(done, "loop")["outputData"]["iteration"] == 2
    # Without output parameters it is the output of the last task of the list.
    assert run(server, run_id)["output"] == {"n": 2}
