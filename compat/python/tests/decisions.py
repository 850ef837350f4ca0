"""SWITCH, INLINE, SET_VARIABLE, TERMINATE: what the server decides by itself (semantics 5)."""

import flows
from conductor.client.workflow.conductor_workflow import ConductorWorkflow
from conductor.client.workflow.task.inline import InlineTask
from conductor.client.workflow.task.set_variable_task import SetVariableTask
from conductor.client.workflow.task.switch_task import SwitchTask
from conductor.client.workflow.task.terminate_task import TerminateTask, WorkflowStatus
from flows import (
    define,
    define_task,
    ended,
    execute,
    inline,
    node,
    row,
    run,
    simple,
    start,
    work,
)
from sdk import Sdk


def switch(ref, evaluator, expression, cases, default=None, **inputs):
    return node(
        "SWITCH",
        ref,
        inputs,
        evaluatorType=evaluator,
        expression=expression,
        decisionCases=cases,
        defaultCase=default or [],
    )


def tasks(result):
    return {task["referenceTaskName"]: task for task in result["tasks"]}


def value_switch(server):
    cases = {"a": [inline("in_a", "'A'")], "1": [inline("in_1", "'one'")], "empty": []}
    chosen = switch(
        "pick",
        "value-param",
        "key",
        cases,
        [inline("in_default", "'D'")],
        key="${workflow.input.k}",
    )
    return define(server, "by_value", chosen, inline("after", "'after'"))


def test_switch_by_value(server):
    flow = value_switch(server)
    for value, ref, told in (("a", "in_a", "a"), (1, "in_1", "1"), ("zzz", "in_default", "zzz")):
        done = execute(server, flow, {"k": value})
        assert done["status"] == "COMPLETED", done["status"]
        assert list(tasks(done)) == ["pick", ref, "after"], list(tasks(done))
        output = tasks(done)["pick"]["outputData"]
        assert output["selectedCase"] == told, output
        assert output["evaluationResult"] == [told], output


def test_switch_with_an_empty_case_and_without_default(server):
    done = execute(server, value_switch(server), {"k": "empty"})
    assert list(tasks(done)) == ["pick", "after"], "an empty case must not fall to the default"
    bare = switch("pick", "value-param", "key", {"a": [inline("in_a", "1")]}, key="b")
    done = execute(server, define(server, "no_default", bare))
    assert done["status"] == "COMPLETED" and list(tasks(done)) == ["pick"]


def test_switch_by_javascript(server):
    cases = {
        "true": [inline("big", "'big'")],
        "false": [inline("small", "'small'")],
        "null": [inline("none", "'none'")],
    }
    expression = "$.n == null ? null : $.n > 10"
    flow = define(
        server,
        "by_script",
        switch("pick", "javascript", expression, cases, n="${workflow.input.n}"),
    )
    for n, ref in ((11, "big"), (3, "small"), (None, "none")):
        done = execute(server, flow, {"n": n})
        assert list(tasks(done)) == ["pick", ref], (n, list(tasks(done)))


def test_switch_script_error_fails_the_run(server):
    broken = switch("pick", "javascript", "$.a.b.c.d", {"x": [inline("x", "1")]})
    done = execute(server, define(server, "broken_switch", broken))
    assert done["status"] == "FAILED", done["status"]
    assert tasks(done)["pick"]["status"] == "FAILED"


def test_nested_switch_and_fork_in_a_case(server):
    define_task(server, "c1")
    define_task(server, "c2")
    fork = {**node("FORK_JOIN", "split"), "forkTasks": [[simple("c1")], [simple("c2")]]}
    inner = switch(
        "inner", "value-param", "k", {"y": [fork, node("JOIN", "meet", joinOn=["c1", "c2"])]}, k="y"
    )
    outer = switch("outer", "value-param", "k", {"x": [inner]}, k="x")
    run_id = start(server, define(server, "nested_switch", outer, inline("after", "1")))
    work(server, "c1")
    work(server, "c2")
    order = flows.refs(ended(server, run_id))
    assert order == ["outer", "inner", "split", "c1", "c2", "meet", "after"], order


def test_inline_values(server):
    values = {
        "41 + 1": 42,
        "'text'": "text",
        "[1, 'two', null]": [1, "two", None],
        "({a: {b: [true]}})": {"a": {"b": [True]}},
        "null": None,
        "undefined": None,
        "1.5": 1.5,
        "(function () { return $.x.y[1]; })()": 20,
        "var out = []; for (var k in $.x) { out.push(k); } out.join()": "y,z",
        "'' + $.x.z + '!'": "Z!",
    }
    steps = [
        inline(f"s{n}", expression, x={"y": [10, 20], "z": "Z"})
        for n, expression in enumerate(values)
    ]
    done = execute(server, define(server, "values", *steps))
    assert done["status"] == "COMPLETED", done["status"]
    found = [task["outputData"]["result"] for task in done["tasks"]]
    assert found == list(values.values()), found


def test_inline_error_is_terminal(server):
    done = execute(server, define(server, "bad_inline", inline("bad", "throw new Error('ouch')")))
    assert done["status"] == "FAILED", done["status"]
    task = tasks(done)["bad"]
    assert task["status"] == "FAILED_WITH_TERMINAL_ERROR", task["status"]
    assert "ouch" in task["reasonForIncompletion"], task["reasonForIncompletion"]
    assert "ouch" in task["outputData"]["error"]


def test_unknown_evaluator_is_terminal(server):
    step = node("INLINE", "bad", {"evaluatorType": "cobol", "expression": "1"})
    done = execute(server, define(server, "bad_evaluator", step))
    assert done["status"] == "FAILED", done["status"]
    assert "Unknown evaluator 'cobol'" in tasks(done)["bad"]["reasonForIncompletion"]


def test_variables(server):
    flow = define(
        server,
        "variables",
        node("SET_VARIABLE", "first", {"a": "${workflow.input.n}", "b": {"c": [1]}}),
        node("SET_VARIABLE", "second", {"b": "new"}),
        inline(
            "read", "$.a + $.d + $.b", a="${workflow.variables.a}", b="${workflow.variables.b}", d=1
        ),
        variables={"kept": "from the definition"},
        outputParameters={"all": "${workflow.variables}", "text": "a=${workflow.variables.a}"},
    )
    done = execute(server, flow, {"n": 5})
    assert done["variables"] == {"a": 5, "b": "new", "kept": "from the definition"}
    assert tasks(done)["read"]["outputData"]["result"] == "6new"
    assert done["output"]["all"]["a"] == 5 and done["output"]["text"] == "a=5", done["output"]
    summary = server.get(
        f"/api/workflow/{done['workflowId']}/status", includeVariables="true", includeOutput="true"
    )
    assert summary.json()["variables"]["b"] == "new"


def test_terminate_completed_with_its_output(server):
    stop = node(
        "TERMINATE", "stop", {"terminationStatus": "COMPLETED", "workflowOutput": {"early": True}}
    )
    flow = define(server, "early", stop, inline("never", "1"), outputParameters={"x": "y"})
    done = execute(server, flow)
    assert done["status"] == "COMPLETED", done["status"]
    assert list(tasks(done)) == ["stop"]
    assert done["output"] == {"early": True}, done["output"]


def test_terminate_failed_cancels_the_rest(server):
    define_task(server, "waiting")
    stop = node("TERMINATE", "stop", {"terminationStatus": "FAILED", "terminationReason": "red"})
    fork = {**node("FORK_JOIN", "split"), "forkTasks": [[simple("waiting")], [stop]]}
    flow = define(server, "stopped", fork, node("JOIN", "meet", joinOn=["waiting", "stop"]))
    failed = ended(server, start(server, flow), "FAILED")
    assert row(failed, "waiting")["status"] == "CANCELED"
    assert row(failed, "stop")["status"] == "COMPLETED"
    assert "red" in failed["reasonForIncompletion"], failed["reasonForIncompletion"]


def test_kitchen_sink_built_with_the_sdk(server):
    executor = Sdk(server).executor
    flow = ConductorWorkflow(name="sdk_kitchen", version=1, executor=executor)
    count = InlineTask("count", "$.words.split(' ').length", {"words": "${workflow.input.words}"})
    keep = SetVariableTask("keep")
    keep.input_parameters.update({"count": "${count.output.result}"})
    pick = SwitchTask("pick", "${workflow.variables.count}")
    pick.switch_case("2", [InlineTask("two", "'two words'")])
    pick.default_case([TerminateTask("refuse", WorkflowStatus.FAILED, "expected two words")])
    flow >> count >> keep >> pick
    flow.output_parameters({"said": "${two.output.result}"})
    result = flow.execute({"words": "hello there"}, wait_for_seconds=10)
    assert result.status == "COMPLETED" and result.output == {"said": "two words"}, result.output
    result = flow.execute({"words": "one"}, wait_for_seconds=10)
    assert result.status == "FAILED", result.status
    assert "expected two words" in run(server, result.workflow_id)["reasonForIncompletion"]
