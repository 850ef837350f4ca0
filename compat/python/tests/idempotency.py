"""Idempotency keys of a start: FAIL, RETURN_EXISTING, FAIL_ON_RUNNING (design 3 and 12)."""

from concurrent.futures import ThreadPoolExecutor

import flows
from conductor.client.http.models.start_workflow_request import (
    IdempotencyStrategy,
    StartWorkflowRequest,
)
from flows import define, define_task, ended, simple, start, work
from sdk import Sdk, refused


def flow(server, name):
    define_task(server, name)
    return define(server, f"keyed_{name}", simple(name, "x"))


def begin(server, name, key, strategy=None):
    body = {"name": f"keyed_{name}", "input": {}, "idempotencyKey": key}
    if strategy:
        body["idempotencyStrategy"] = strategy
    return server.post("/api/workflow", body)


def test_return_existing(server):
    flow(server, "same")
    first = begin(server, "same", "k1", "RETURN_EXISTING").expect(200).text
    assert begin(server, "same", "k1", "RETURN_EXISTING").expect(200).text == first
    assert begin(server, "same", "k2", "RETURN_EXISTING").expect(200).text != first
    work(server, "same")
    work(server, "same")
    ended(server, first)
    # The run has ended; the key still names it.
    assert begin(server, "same", "k1", "RETURN_EXISTING").expect(200).text == first
    assert flows.poll(server, "same") is None, "a repeated start scheduled a task"


def test_fail(server):
    flow(server, "once")
    first = begin(server, "once", "k", "FAIL").expect(200).text
    begin(server, "once", "k", "FAIL").expect_error(409)
    # A key without a strategy means FAIL.
    begin(server, "once", "k").expect_error(409)
    work(server, "once")
    ended(server, first)
    begin(server, "once", "k", "FAIL").expect_error(409)
    begin(server, "once", "other").expect(200)


def test_fail_on_running(server):
    flow(server, "single")
    first = begin(server, "single", "k", "FAIL_ON_RUNNING").expect(200).text
    begin(server, "single", "k", "FAIL_ON_RUNNING").expect_error(409)
    server.put(f"/api/workflow/{first}/pause").expect(200)
    begin(server, "single", "k", "FAIL_ON_RUNNING").expect_error(409)
    server.put(f"/api/workflow/{first}/resume").expect(200)
    work(server, "single")
    ended(server, first)
    second = begin(server, "single", "k", "FAIL_ON_RUNNING").expect(200).text
    assert second != first
    begin(server, "single", "k", "FAIL_ON_RUNNING").expect_error(409)


def test_keys_belong_to_a_workflow_name(server):
    flow(server, "mine")
    flow(server, "yours")
    first = begin(server, "mine", "k", "RETURN_EXISTING").expect(200).text
    assert begin(server, "yours", "k", "RETURN_EXISTING").expect(200).text != first


def test_concurrent_starts_meet(server):
    flow(server, "raced")

    def go(_):
        return begin(server, "raced", "k", "RETURN_EXISTING").expect(200).text

    with ThreadPoolExecutor(12) as pool:
        ids = set(pool.map(go, range(36)))
    assert len(ids) == 1, ids

    def try_once(_):
        return begin(server, "raced", "k2", "FAIL").status

    with ThreadPoolExecutor(12) as pool:
        answers = sorted(pool.map(try_once, range(12)))
    assert answers == [200] + [409] * 11, answers


def test_keys_survive_a_restart(server):
    flow(server, "kept")
    first = begin(server, "kept", "k", "RETURN_EXISTING").expect(200).text
    server.restart(hard=True)
    assert begin(server, "kept", "k", "RETURN_EXISTING").expect(200).text == first
    begin(server, "kept", "k", "FAIL").expect_error(409)


def test_no_key_no_difference(server):
    flow(server, "free")
    ids = {start(server, "keyed_free") for _ in range(3)}
    assert len(ids) == 3, ids
    blank = {"name": "keyed_free", "input": {}, "idempotencyStrategy": "FAIL"}
    assert server.post("/api/workflow", blank).expect(200).text not in ids


def test_with_the_sdk(server):
    flow(server, "sdk")
    client = Sdk(server).workflows

    def request(strategy):
        return StartWorkflowRequest(
            name="keyed_sdk", input={}, idempotency_key="k", idempotency_strategy=strategy
        )

    first = client.start_workflow(request(IdempotencyStrategy.RETURN_EXISTING))
    assert client.start_workflow(request(IdempotencyStrategy.RETURN_EXISTING)) == first
    refused(409, client.start_workflow, request(IdempotencyStrategy.FAIL))


def test_unknown_strategy(server):
    flow(server, "odd")
    begin(server, "odd", "k", "SOMETIMES").expect_error(400)
