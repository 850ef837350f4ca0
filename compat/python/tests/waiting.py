"""WAIT and HUMAN: by time, by signal, by a person through the API (semantics 5.15, 5.16)."""

from functools import partial

import flows
from conductor.client.workflow.conductor_workflow import ConductorWorkflow
from conductor.client.workflow.task.human_task import HumanTask
from conductor.client.workflow.task.wait_task import WaitForDurationTask, WaitTask
from flows import define, ended, inline, node, row, run, start, status
from harness import eventually
from sdk import Sdk, refused


def gated(server, name, kind="WAIT"):
    after = inline("after", "$.said", said="${gate.output.said}")
    return start(server, define(server, name, node(kind, "gate", {"ask": "me"}), after))


def test_wait_by_duration(server):
    flow = define(server, "nap", node("WAIT", "nap", {"duration": "1 second"}), inline("z", "1"))
    run_id = start(server, flow)
    task = row(run(server, run_id), "nap")
    assert task["status"] == "IN_PROGRESS" and task["inputData"]["duration"] == "1 second"
    done = ended(server, run_id)
    task = row(done, "nap")
    assert task["endTime"] - task["startTime"] >= 1000, task
    assert row(done, "z")["status"] == "COMPLETED"


def test_wait_until_a_past_moment(server):
    flow = define(server, "past", node("WAIT", "nap", {"until": "2020-01-01 00:00"}))
    ended(server, start(server, flow))


def test_wait_grammar(server):
    both = node("WAIT", "w", {"duration": "1s", "until": "2030-01-01"})
    for bad in (both, node("WAIT", "w", {"duration": "a while"})):
        body = {"name": "bad_wait", "version": 1, "schemaVersion": 2, "tasks": [bad]}
        reply = server.post("/api/metadata/workflow", body).expect_error(400)
        assert reply.json()["validationErrors"], reply.text
    flow = define(server, "from_input", node("WAIT", "w", {"duration": "${workflow.input.d}"}))
    run_id = start(server, flow, {"d": "not a duration"})
    assert row(ended(server, run_id, "FAILED"), "w")["reasonForIncompletion"]
    ended(server, start(server, flow, {"d": "1s"}))


def test_wait_by_signal(server):
    run_id = gated(server, "signalled")
    sdk = Sdk(server)
    sdk.executor.signal_async(run_id, "COMPLETED", {"said": "go"})
    done = ended(server, run_id)
    assert row(done, "gate")["outputData"] == {"said": "go"}, row(done, "gate")["outputData"]
    assert done["output"] == {"result": "go"}
    # Nothing is blocked any more: the plain signal is quiet, and a stranger's is not found.
    server.post(f"/api/tasks/{run_id}/COMPLETED/signal", {}).expect(200)
    server.post("/api/tasks/unknown-run/COMPLETED/signal", {}).expect_error(404)


def test_signal_can_fail_a_wait(server):
    run_id = gated(server, "failed_by_signal")
    server.post(f"/api/tasks/{run_id}/FAILED/signal", {"said": "no"}).expect(200)
    failed = ended(server, run_id, "FAILED")
    assert row(failed, "gate")["status"] == "FAILED"


def test_signal_descends_into_a_child(server):
    child = define(server, "gated_child", node("WAIT", "gate"))
    flow = define(
        server, "gated_parent", node("SUB_WORKFLOW", "s", subWorkflowParam={"name": child})
    )
    run_id = start(server, flow)
    server.post(f"/api/tasks/{run_id}/COMPLETED/signal", {"deep": True}).expect(200)
    assert row(ended(server, run_id), "s")["outputData"]["deep"] is True


def test_timed_wait_can_be_ended_early(server):
    flow = define(server, "early", node("WAIT", "gate", {"duration": "1 hour"}))
    run_id = start(server, flow)
    server.post(f"/api/tasks/{run_id}/COMPLETED/signal", {"early": 1}).expect(200)
    assert ended(server, run_id)["output"] == {"early": 1}


def test_human_completed_by_reference(server):
    run_id = gated(server, "asked", "HUMAN")
    gate = row(run(server, run_id), "gate")
    assert gate["status"] == "IN_PROGRESS" and gate["inputData"]["ask"] == "me"
    reply = server.post(f"/api/tasks/{run_id}/gate/IN_PROGRESS", {"seen": True}).expect(200)
    assert reply.text == gate["taskId"], reply.text
    assert row(run(server, run_id), "gate")["status"] == "IN_PROGRESS"
    reply = server.post(f"/api/tasks/{run_id}/gate/COMPLETED", {"said": "yes"}).expect(200)
    assert reply.text == gate["taskId"] and reply.headers["content-type"].startswith("text/plain")
    done = ended(server, run_id)
    # The update merges into what the task already had.
    assert row(done, "gate")["outputData"] == {"seen": True, "said": "yes"}
    assert done["output"] == {"result": "yes"}


def test_human_completed_by_reference_synchronously(server):
    run_id = gated(server, "asked_sync", "HUMAN")
    found = Sdk(server).tasks.update_task_sync(run_id, "gate", "COMPLETED", {"said": "now"})
    assert found.workflow_id == run_id and found.status == "COMPLETED", found.status
    assert [t.reference_task_name for t in found.tasks] == ["gate", "after"]
    assert status(server, run_id) == "COMPLETED"


def test_human_is_not_signalable(server):
    run_id = gated(server, "deaf", "HUMAN")
    server.post(f"/api/tasks/{run_id}/COMPLETED/signal", {}).expect(200)
    server.post(f"/api/tasks/{run_id}/COMPLETED/signal/sync", {}).expect_error(404)
    assert status(server, run_id) == "RUNNING"
    server.delete(f"/api/workflow/{run_id}").expect(200)


def test_update_by_reference_of_something_that_is_not_there(server):
    run_id = gated(server, "absent")
    reply = server.post(f"/api/tasks/{run_id}/nobody/COMPLETED", {}).expect(200)
    assert reply.body == b"", reply.text
    assert server.post("/api/tasks/unknown-run/gate/COMPLETED", {}).expect(200).body == b""
    told = f"Found no running task nobody of workflow {run_id} to update"
    server.post(f"/api/tasks/{run_id}/nobody/COMPLETED/sync", {}).expect_error(404, told)
    server.post(f"/api/tasks/{run_id}/gate/DONE", {}).expect_error(400)
    refused(404, Sdk(server).tasks.update_task_sync, run_id, "nobody", "COMPLETED", {})
    server.delete(f"/api/workflow/{run_id}").expect(200)


def has_task(server, run_id, ref):
    return ref in flows.refs(run(server, run_id))


def test_reference_inside_a_loop_needs_no_suffix(server):
    body = node("HUMAN", "gate")
    loop = node("DO_WHILE", "loop", loopCondition="$.loop.iteration < 2", loopOver=[body])
    run_id = start(server, define(server, "asked_twice", loop))
    for n in (1, 2):
        opened = partial(has_task, server, run_id, f"gate__{n}")
        eventually(opened, what=f"gate__{n}")
        server.post(f"/api/tasks/{run_id}/gate/COMPLETED", {"n": n}).expect(200)
    done = ended(server, run_id)
    assert row(done, "gate__2")["outputData"] == {"n": 2}


def test_built_with_the_sdk(server):
    sdk = Sdk(server)
    flow = ConductorWorkflow(name="sdk_waits", version=1, executor=sdk.executor)
    flow >> WaitForDurationTask("nap", 1) >> WaitTask("gate") >> HumanTask("person")
    run_id = flow.start_workflow_with_input({"a": 1})
    eventually(lambda: "gate" in flows.refs(run(server, run_id)), 10, what="gate")
    sdk.executor.signal_async(run_id, "COMPLETED", {"ok": 1})
    eventually(lambda: "person" in flows.refs(run(server, run_id)), 10, what="person")
    sdk.executor.update_task_by_ref_name({"ok": 2}, run_id, "person", "COMPLETED")
    ended(server, run_id)
