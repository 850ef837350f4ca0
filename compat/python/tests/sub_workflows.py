"""SUB_WORKFLOW: the child's end is the task's end, and the parent's end is the child's (5.11)."""

import flows
from conductor.client.workflow.conductor_workflow import ConductorWorkflow
from conductor.client.workflow.task.inline import InlineTask
from conductor.client.workflow.task.sub_workflow_task import SubWorkflowTask
from flows import define, define_task, ended, node, row, run, simple, start, take, work
from sdk import Sdk


def family(server, name):
    """A parent whose task `sub` runs a child of one SIMPLE task; returns the parent's run id."""
    define_task(server, f"{name}_work")
    child = define(
        server, f"{name}_child", simple(f"{name}_work", "inner", n="${workflow.input.n}")
    )
    parent = define(
        server,
        f"{name}_parent",
        node("SUB_WORKFLOW", "sub", {"n": 7}, subWorkflowParam={"name": child, "version": 1}),
        outputParameters={"from_child": "${sub.output.answer}"},
    )
    return start(server, parent, correlationId=f"{name}-corr")


def child_of(server, parent_id):
    return row(run(server, parent_id), "sub")["subWorkflowId"]


def test_child_completes_and_its_output_is_the_tasks(server):
    parent_id = family(server, "good")
    task = take(server, "good_work")
    child_id = child_of(server, parent_id)
    assert task["workflowInstanceId"] == child_id
    assert task["inputData"] == {"n": 7}, task["inputData"]
    open_task = row(run(server, parent_id), "sub")
    assert open_task["status"] == "IN_PROGRESS", open_task["status"]
    flows.answer(server, task, output={"answer": 42})
    done = ended(server, parent_id)
    sub = row(done, "sub")
    assert sub["status"] == "COMPLETED"
    assert sub["outputData"]["answer"] == 42, sub["outputData"]
    assert done["output"] == {"from_child": 42}, done["output"]
    child = ended(server, child_id)
    assert child["parentWorkflowId"] == parent_id
    assert child["parentWorkflowTaskId"] == sub["taskId"]
    assert child["correlationId"] == "good-corr"
    assert child["input"] == {"n": 7}, child["input"]


def test_child_failure_fails_the_parent(server):
    parent_id = family(server, "bad")
    work(server, "bad_work", "FAILED", reasonForIncompletion="child trouble")
    failed = ended(server, parent_id, "FAILED")
    child_id = row(failed, "sub")["subWorkflowId"]
    assert row(failed, "sub")["status"] == "FAILED"
    reason = row(failed, "sub")["reasonForIncompletion"]
    assert reason.startswith(f"Sub workflow bad_child.1/{child_id} failure reason: "), reason
    assert "child trouble" in failed["reasonForIncompletion"]
    ended(server, child_id, "FAILED")


def test_parent_terminate_terminates_the_child(server):
    parent_id = family(server, "cut")
    take(server, "cut_work")
    child_id = child_of(server, parent_id)
    server.delete(f"/api/workflow/{parent_id}", reason="stop it").expect(200)
    assert row(ended(server, parent_id, "TERMINATED"), "sub")["status"] == "CANCELED"
    child = ended(server, child_id, "TERMINATED")
    told = child["reasonForIncompletion"]
    assert told == "Parent workflow has been terminated with reason: stop it", told
    assert row(child, "inner")["status"] == "CANCELED"


def test_terminated_child_terminates_the_parent(server):
    parent_id = family(server, "lost")
    take(server, "lost_work")
    child_id = child_of(server, parent_id)
    server.delete(f"/api/workflow/{child_id}", reason="by hand").expect(200)
    parent = ended(server, parent_id, "TERMINATED")
    assert row(parent, "sub")["status"] == "CANCELED"
    assert "by hand" in parent["reasonForIncompletion"], parent["reasonForIncompletion"]


def test_retry_of_the_task_starts_a_new_child(server):
    define_task(server, "again_work")
    define_task(server, "sub", retryCount=1)
    child = define(server, "again_child", simple("again_work", "inner"))
    step = node("SUB_WORKFLOW", "sub", {"k": 1}, subWorkflowParam={"name": child})
    parent_id = start(server, define(server, "again_parent", step))
    work(server, "again_work", "FAILED", reasonForIncompletion="first child")
    work(server, "again_work", output={"second": True})
    done = ended(server, parent_id)
    assert flows.statuses(done, "sub") == ["FAILED", "COMPLETED"]
    children = [t["subWorkflowId"] for t in flows.rows(done, "sub")]
    assert len(set(children)) == 2, children


def test_built_with_the_sdk_by_name_and_inline(server):
    executor = Sdk(server).executor
    child = ConductorWorkflow(name="sdk_child", version=1, executor=executor)
    child >> InlineTask("double", "$.n * 2", {"n": "${workflow.input.n}"})
    child.output_parameters({"n": "${double.output.result}"})
    child.register(overwrite=True)
    by_name = SubWorkflowTask("by_name", "sdk_child", 1)
    by_name.input_parameters.update({"n": 4})
    parent = ConductorWorkflow(name="sdk_parent", version=1, executor=executor)
    parent >> by_name >> child
    result = parent.execute(wait_for_seconds=10)
    assert result.status == "COMPLETED", result.status
    named, inlined = result.tasks
    assert named.output_data["n"] == 8, named.output_data
    assert inlined.task_type == "SUB_WORKFLOW" and inlined.sub_workflow_id
    inner = flows.run(server, inlined.sub_workflow_id)
    assert inner["input"]["_systemMetadata"] == {"dynamic": True}, inner["input"]
    assert "_systemMetadata" not in flows.run(server, named.sub_workflow_id)["input"]


def test_three_levels(server):
    define_task(server, "leaf_work")
    define(server, "level_3", simple("leaf_work", "leaf"))
    define(server, "level_2", node("SUB_WORKFLOW", "sub", subWorkflowParam={"name": "level_3"}))
    define(server, "level_1", node("SUB_WORKFLOW", "sub", subWorkflowParam={"name": "level_2"}))
    top = start(server, "level_1")
    work(server, "leaf_work", output={"depth": 3})
    assert ended(server, top)["output"]["depth"] == 3


def test_missing_child_definition_is_refused_at_start(server):
    step = node("SUB_WORKFLOW", "sub", subWorkflowParam={"name": "no_such_child"})
    define(server, "orphan_parent", step)
    reply = server.post("/api/workflow", {"name": "orphan_parent", "input": {}})
    reply.expect_error(404)


def test_pausing_a_parent_does_not_pause_its_child(server):
    parent_id = family(server, "paused")
    server.put(f"/api/workflow/{parent_id}/pause").expect(200)
    work(server, "paused_work", output={"answer": 1})
    ended(server, child_of(server, parent_id))
    assert run(server, parent_id)["status"] == "PAUSED"
    server.put(f"/api/workflow/{parent_id}/resume").expect(200)
    ended(server, parent_id)
