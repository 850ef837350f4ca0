"""The message queue of a run: send, pull, limits, refusals (REST 1.2, semantics 6)."""

import http.client
import json
import re
from concurrent.futures import ThreadPoolExecutor

import flows
from conductor.client.workflow.conductor_workflow import ConductorWorkflow
from conductor.client.workflow.task.pull_workflow_messages_task import (
    PullWorkflowMessagesTask,
)
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
from harness import eventually
from sdk import Sdk, refused

QUEUE_LIMIT = 1000


def pull(ref, batch=1, **inputs):
    return node("PULL_WORKFLOW_MESSAGES", ref, {"batchSize": batch, **inputs})


def send(server, run_id, payload):
    reply = server.post(f"/api/workflow/{run_id}/messages", payload).expect(200)
    assert reply.headers["content-type"].startswith("text/plain"), reply.headers
    return reply.text


def payloads(found, ref):
    return [message["payload"] for message in row(found, ref)["outputData"]["messages"]]


def test_message_wakes_a_waiting_pull(server):
    run_id = start(server, define(server, "woken", pull("inbox"), inline("z", "1")))
    assert row(run(server, run_id), "inbox")["status"] == "IN_PROGRESS"
    message_id = Sdk(server).workflows.send_message(run_id, {"n": 1, "deep": {"a": [None]}})
    done = ended(server, run_id)
    output = row(done, "inbox")["outputData"]
    assert output["count"] == 1, output
    (message,) = output["messages"]
    assert message["id"] == message_id and message["workflowId"] == run_id
    assert message["payload"] == {"n": 1, "deep": {"a": [None]}}
    assert re.match(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$", message["receivedAt"]), message


def test_messages_sent_before_the_pull_wait_for_it(server):
    define_task(server, "before_pull")
    flow = define(server, "early_mail", simple("before_pull"), pull("one"), pull("two", 10))
    run_id = start(server, flow)
    for n in range(4):
        send(server, run_id, {"n": n})
    assert flows.refs(run(server, run_id)) == ["before_pull"]
    work(server, "before_pull")
    done = ended(server, run_id)
    assert payloads(done, "one") == [{"n": 0}], "first in, first out"
    assert payloads(done, "two") == [{"n": 1}, {"n": 2}, {"n": 3}]


def test_batch_size(server):
    """Below 1 and not a number mean 1; the cap is 100."""
    define_task(server, "hold")
    for name, size, expected in (("zero", 0, 1), ("words", "many", 1), ("huge", 5000, 100)):
        flow = define(server, f"batch_{name}", simple("hold", "h"), pull("inbox", size))
        run_id = start(server, flow)
        fill(server, run_id, 103)
        work(server, "hold")
        assert len(payloads(ended(server, run_id), "inbox")) == expected, name


def test_pull_that_does_not_block(server):
    flow = define(server, "no_block", pull("inbox", blocking=False), inline("z", "1"))
    done = flows.execute(server, flow)
    assert done["status"] == "COMPLETED", done["status"]
    found = run(server, done["workflowId"])
    assert row(found, "inbox")["outputData"] == {"messages": [], "count": 0}


def test_refusals_are_plain_text(server):
    reply = server.post("/api/workflow/unknown/messages", {"a": 1}).expect(404)
    assert reply.text == "Workflow not found: unknown", reply.text
    assert reply.headers["content-type"].startswith("text/plain"), reply.headers
    run_id = start(server, define(server, "shut", pull("inbox")))
    server.put(f"/api/workflow/{run_id}/pause").expect(200)
    reply = server.post(f"/api/workflow/{run_id}/messages", {"a": 1}).expect(409)
    told = f"Workflow {run_id} is not in RUNNING state (current: PAUSED)"
    assert reply.text == told, reply.text
    server.put(f"/api/workflow/{run_id}/resume").expect(200)
    send(server, run_id, {"a": 1})
    assert payloads(ended(server, run_id), "inbox") == [{"a": 1}]
    reply = server.post(f"/api/workflow/{run_id}/messages", {"a": 2}).expect(409)
    assert reply.text.endswith("(current: COMPLETED)"), reply.text
    refused(409, Sdk(server).workflows.send_message, run_id, {"a": 3})
    refused(404, Sdk(server).workflows.send_message, "unknown", {"a": 3})


def test_only_objects_are_messages(server):
    run_id = start(server, define(server, "picky", pull("inbox")))
    for body in ([1], "text", 5, None):
        raw = json.dumps(body).encode()
        assert server.post(f"/api/workflow/{run_id}/messages", raw).status == 400, body
    assert server.call("POST", f"/api/workflow/{run_id}/messages", b"").status == 400
    assert server.post(f"/api/workflow/{run_id}/messages", b"{broken").status == 400
    assert flows.status(server, run_id) == "RUNNING"
    send(server, run_id, {})
    assert payloads(ended(server, run_id), "inbox") == [{}]


def test_both_spellings_of_the_path(server):
    run_id = start(server, define(server, "spelled", pull("inbox", 2)))
    server.post(f"/api/workflow/{run_id}/message", {"by": "message"}).expect(200)
    assert payloads(ended(server, run_id), "inbox") == [{"by": "message"}]


def fill(server, run_id, count, threads=8):
    """Send `count` messages over a few kept connections; each one must be accepted."""

    def lane(part):
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=20)
        for n in part:
            body = json.dumps({"n": n})
            kind = {"Content-Type": "application/json"}
            connection.request("POST", f"/api/workflow/{run_id}/messages", body, kind)
            answer = connection.getresponse()
            text = answer.read()
            assert answer.status == 200, (n, answer.status, text)
        connection.close()

    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(lane, [range(first, count, threads) for first in range(threads)]))


def test_queue_is_capped(server):
    define_task(server, "dam")
    flow = define(server, "full", simple("dam"), pull("inbox", 100), simple("dam", "second"))
    run_id = start(server, flow)
    fill(server, run_id, QUEUE_LIMIT)
    reply = server.post(f"/api/workflow/{run_id}/messages", {"n": -1}).expect(429)
    told = f"Workflow message queue for workflowId={run_id} has reached the maximum size of 1000"
    assert reply.text == told, reply.text
    refused(429, Sdk(server).workflows.send_message, run_id, {"n": -1})
    work(server, "dam")
    task = flows.take(server, "dam")
    got = payloads(run(server, run_id), "inbox")
    assert len(got) == 100 and all(message["n"] >= 0 for message in got)
    send(server, run_id, {"n": QUEUE_LIMIT})
    flows.answer(server, task)
    ended(server, run_id)


def test_every_message_once_through_a_loop(server):
    count = "${inbox.output.count}"
    loop = node(
        "DO_WHILE",
        "loop",
        loopCondition="$.fold.result < 40",
        loopOver=[
            pull("inbox", 7),
            inline("fold", "$.seen + $.count", seen="${workflow.variables.total}", count=count),
            node("SET_VARIABLE", "store", {"total": "${fold.output.result}"}),
        ],
    )
    run_id = start(server, define(server, "folded", loop, variables={"total": 0}))
    fill(server, run_id, 40, threads=5)
    done = ended(server, run_id)
    pulled = [t for t in done["tasks"] if t["taskType"] == "PULL_WORKFLOW_MESSAGES"]
    seen = [m["payload"]["n"] for t in pulled for m in t["outputData"]["messages"]]
    assert sorted(seen) == list(range(40)), sorted(seen)
    assert done["variables"]["total"] == 40


def test_built_with_the_sdk(server):
    sdk = Sdk(server)
    flow = ConductorWorkflow(name="sdk_inbox", version=1, executor=sdk.executor)
    flow >> PullWorkflowMessagesTask("inbox", 2)
    run_id = flow.start_workflow_with_input({"a": 1})
    assert eventually(lambda: flows.refs(run(server, run_id)) == ["inbox"])
    sdk.executor.send_message(run_id, {"from": "executor"})
    assert payloads(ended(server, run_id), "inbox") == [{"from": "executor"}]
