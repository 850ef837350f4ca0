"""Pause, resume, terminate: what a person does to a run (semantics 4.4, 4.5)."""

import flows
from flows import (
    define,
    define_task,
    ended,
    inline,
    node,
    run,
    simple,
    start,
    status,
    take,
    work,
)
from harness import always, eventually
from sdk import Sdk, refused


def two_steps(server, name):
    define_task(server, f"{name}_1")
    define_task(server, f"{name}_2")
    return start(server, define(server, name, simple(f"{name}_1", "a"), simple(f"{name}_2", "b")))


def test_no_successor_while_paused(server):
    run_id = two_steps(server, "halted")
    sdk = Sdk(server)
    sdk.workflows.pause_workflow(run_id)
    assert status(server, run_id) == "PAUSED"
    work(server, "halted_1", output={"while": "paused"})
    always(lambda: flows.refs(run(server, run_id)) == ["a"], 0.5)
    assert run(server, run_id)["tasks"][0]["status"] == "COMPLETED"
    assert flows.poll(server, "halted_2") is None
    sdk.workflows.resume_workflow(run_id)
    assert status(server, run_id) == "RUNNING"
    work(server, "halted_2")
    ended(server, run_id)


def test_pause_and_resume_out_of_turn(server):
    run_id = two_steps(server, "turns")
    assert server.put(f"/api/workflow/{run_id}/pause").expect(200).body == b""
    server.put(f"/api/workflow/{run_id}/pause").expect(200)
    server.put(f"/api/workflow/{run_id}/resume").expect(200)
    told = f"The workflow {run_id} is not PAUSED so cannot resume. Current status is RUNNING"
    server.put(f"/api/workflow/{run_id}/resume").expect_error(409, told)
    server.delete(f"/api/workflow/{run_id}").expect(200)
    server.put(f"/api/workflow/{run_id}/pause").expect_error(409, run_id)
    server.put("/api/workflow/nobody/pause").expect_error(404, "nobody")


def test_a_timer_that_ends_during_a_pause_waits_for_the_resume(server):
    flow = define(server, "slept", node("WAIT", "nap", {"duration": "1 second"}), inline("z", "1"))
    run_id = start(server, flow)
    server.put(f"/api/workflow/{run_id}/pause").expect(200)
    eventually(lambda: run(server, run_id)["tasks"][0]["status"] == "COMPLETED", 10)
    assert flows.refs(run(server, run_id)) == ["nap"]
    server.put(f"/api/workflow/{run_id}/resume").expect(200)
    ended(server, run_id)


def test_timeouts_do_not_act_during_a_pause(server):
    define_task(server, "patient", responseTimeoutSeconds=1, retryCount=3)
    limits = {"timeoutSeconds": 1, "timeoutPolicy": "TIME_OUT_WF"}
    run_id = start(server, define(server, "frozen", simple("patient", "x"), **limits))
    take(server, "patient")
    server.put(f"/api/workflow/{run_id}/pause").expect(200)
    always(lambda: status(server, run_id) == "PAUSED", 1.6)
    assert flows.statuses(run(server, run_id), "x") == ["IN_PROGRESS"]
    server.delete(f"/api/workflow/{run_id}").expect(200)


def test_terminate(server):
    run_id = two_steps(server, "ended_by_hand")
    sdk = Sdk(server)
    sdk.workflows.terminate_workflow(run_id, reason="no longer wanted")
    found = run(server, run_id)
    assert found["status"] == "TERMINATED" and found["endTime"] > 0
    assert found["reasonForIncompletion"] == "no longer wanted"
    assert flows.statuses(found, "a") == ["CANCELED"]
    assert flows.poll(server, "ended_by_hand_1") is None, "a canceled task was handed out"
    sdk.workflows.terminate_workflow(run_id, reason="again")
    assert run(server, run_id)["reasonForIncompletion"] == "no longer wanted"


def test_terminate_of_a_completed_run_is_refused(server):
    done = flows.execute(server, define(server, "finished", inline("a", "1")))
    reply = server.delete(f"/api/workflow/{done['workflowId']}")
    reply.expect_error(409, "Cannot terminate a COMPLETED workflow.")
    refused(409, Sdk(server).workflows.terminate_workflow, done["workflowId"])
    refused(404, Sdk(server).workflows.terminate_workflow, "unknown-id")


def test_failed_becomes_terminated(server):
    done = flows.execute(server, define(server, "crashed", inline("a", "throw 'x'")))
    assert done["status"] == "FAILED"
    server.delete(f"/api/workflow/{done['workflowId']}", reason="closed").expect(200)
    assert status(server, done["workflowId"]) == "TERMINATED"


def test_decide_and_empty_answers(server):
    run_id = two_steps(server, "nudged")
    reply = server.put(f"/api/workflow/decide/{run_id}").expect(200)
    assert reply.body == b"", reply.text
    assert server.delete(f"/api/workflow/{run_id}").expect(200).body == b""
