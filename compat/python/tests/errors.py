"""Bad input: a clear refusal, nothing changed, everybody else undisturbed (REST 2)."""

import json
import socket
import threading
import time

import flows
from flows import define, ended, inline, node, start
from sdk import Sdk, refused

BODY_LIMIT = 16 * 1024 * 1024


def healthy(server):
    reply = server.get("/health").expect(200).json()
    assert reply["healthy"] is True, reply


def test_shape_of_an_error(server):
    reply = server.get("/api/workflow/abc").expect_error(404, "No such workflow found by id: abc")
    body = reply.json()
    assert set(body) == {"status", "message", "instance", "retryable"}, sorted(body)
    error = refused(404, Sdk(server).workflows.get_workflow, "abc")
    assert json.loads(error.body)["message"] == "No such workflow found by id: abc"


def test_unknown_names(server):
    told = "No such workflow defined. name=nope, version=null"
    server.post("/api/workflow", {"name": "nope", "input": {}}).expect_error(404, told)
    define(server, "known", inline("a", "1"))
    reply = server.post("/api/workflow", {"name": "known", "version": 9, "input": {}})
    reply.expect_error(404, "No such workflow defined. name=known, version=9")
    reply = server.post("/api/workflow", {"name": "known", "input": None})
    reply.expect_error(400, "NULL input passed when starting workflow")
    reply = server.post("/api/workflow", {"input": {}}).expect_error(400)
    assert reply.json()["validationErrors"], reply.text


def test_malformed_json(server):
    paths = ("/api/workflow", "/api/tasks", "/api/metadata/workflow", "/api/metadata/taskdefs")
    for path in paths:
        for raw in (b"{", b"", b"{'a': 1}", b'{"name": "x"} trailing', b"\xff\xfe", b"nonsense"):
            reply = server.call("POST", path, raw)
            assert reply.status == 400, (path, raw, reply.status, reply.text)
            reply.expect_error(400)
    healthy(server)


def test_wrong_types_name_the_field(server):
    for path, body, field in (
        ("/api/workflow", {"name": "x", "input": [1]}, "input"),
        ("/api/workflow", {"name": "x", "input": {}, "version": "one"}, "version"),
        ("/api/workflow", {"name": "x", "input": {}, "taskToDomain": 5}, "taskToDomain"),
        ("/api/workflow", {"name": {"a": 1}, "input": {}}, "name"),
        ("/api/metadata/workflow", {"name": "x", "tasks": {"a": 1}}, "tasks"),
        ("/api/metadata/workflow", {"name": "x", "tasks": [5]}, "tasks"),
        ("/api/metadata/taskdefs", [{"name": "x", "retryCount": "often"}], "retryCount"),
        ("/api/metadata/taskdefs", [{"name": "x", "retryLogic": "NEVER"}], "retryLogic"),
        ("/api/tasks", {"taskId": "t", "workflowInstanceId": "w", "outputData": 3}, "outputData"),
    ):
        reply = server.post(path, body)
        assert reply.status == 400, (path, body, reply.status, reply.text)
        reply.expect_error(400, field)
    server.post("/api/workflow", [1, 2]).expect_error(400)
    server.post("/api/metadata/taskdefs", {"name": "not a list"}).expect_error(400)


def test_wrong_query_values(server):
    flow = define(server, "queried", inline("a", "1"))
    server.call("POST", f"/api/workflow/{flow}", {}, {"priority": "high"}).expect_error(400)
    server.call("POST", f"/api/workflow/execute/{flow}/one", {"input": {}}).expect_error(400)
    server.get("/api/tasks/poll/batch/t", count="many").expect_error(400)
    run_id = flows.execute(server, flow)["workflowId"]
    server.get(f"/api/workflow/{run_id}", includeTasks="maybe").expect_error(400)
    for spelled in ("True", "on", "YES", "1"):
        server.get(f"/api/workflow/{run_id}", includeTasks=spelled).expect(200)


def test_lenient_where_the_sdks_are_careless(server):
    """Unknown and null fields, scalars as strings, odd content types: accepted."""
    flow = define(server, "careless", inline("a", "1"))
    body = {"name": flow, "version": "1", "input": {}, "priority": None, "unknown": {"x": [1]}}
    raw = json.dumps(body).encode()
    for kind in ("application/json", "application/json;charset=utf-8", "text/plain"):
        headers = {"Content-Type": kind, "Accept": "image/png", "X-Authorization": "whatever"}
        reply = server.call("POST", "/api/workflow", raw, headers=headers).expect(200)
        ended(server, reply.text)


def test_deep_nesting(server):
    flow = define(server, "deep", inline("a", "1"))
    depth = 100_000
    bomb = '{"name":"%s","input":{"x":%s1%s}}' % (flow, "[" * depth, "]" * depth)
    server.call("POST", "/api/workflow", bomb.encode()).expect_error(400)
    bomb = '{"a":' * depth + "1" + "}" * depth
    server.call("POST", "/api/metadata/workflow", bomb.encode()).expect_error(400)
    run_id = start(server, define(server, "deep_mail", node("PULL_WORKFLOW_MESSAGES", "inbox")))
    assert server.call("POST", f"/api/workflow/{run_id}/messages", bomb.encode()).status == 400
    assert flows.status(server, run_id) == "RUNNING"
    healthy(server)


def send_oversized(server, path, length, chunked=False):
    """Status of a request that is too long; the server may answer before all of it is sent."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=30) as link:
        size = "Transfer-Encoding: chunked" if chunked else f"Content-Length: {length}"
        head = (
            f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n{size}\r\n\r\n"
        )
        piece = b"x" * 65536
        try:
            link.sendall(head.encode())
            # An answer to the head alone is welcome, and then nothing more is sent.
            link.settimeout(0.3)
            early = receive(link)
            if early:
                return early
            link.settimeout(30)
            for _ in range(0, length, len(piece)):
                link.sendall(b"10000\r\n" + piece + b"\r\n" if chunked else piece)
            if chunked:
                link.sendall(b"0\r\n\r\n")
        except (BrokenPipeError, ConnectionResetError):
            pass
        return receive(link)


def receive(link):
    try:
        line = link.recv(4096)
    except (TimeoutError, ConnectionResetError):
        return None
    return int(line.split()[1]) if line else None


def test_oversized_bodies(server):
    for path in ("/api/workflow", "/api/tasks", "/api/metadata/workflow"):
        assert send_oversized(server, path, BODY_LIMIT + 65536) == 413, path
    assert send_oversized(server, "/api/workflow", BODY_LIMIT + 131072, chunked=True) == 413
    healthy(server)
    flow = define(server, "large", inline("a", "1"))
    ended(server, start(server, flow, {"text": "x" * (1024 * 1024)}))


def bomb(server, name, script, seconds=25):
    """Run a hostile script; meanwhile another run completes and the server is well."""
    flow = define(server, f"bomb_{name}", inline("bomb", script))
    other = define(server, "bystander", inline("a", "1"))
    run_ids = []
    starter = threading.Thread(target=lambda: run_ids.append(start(server, flow)))
    starter.start()
    time.sleep(0.2)
    for _ in range(5):
        began = time.monotonic()
        done = flows.execute(server, other)
        assert done["status"] == "COMPLETED", done["status"]
        assert time.monotonic() - began < 3, "a script on another run held this one"
        healthy(server)
    starter.join()
    failed = ended(server, run_ids[0], "FAILED", seconds)
    task = flows.row(failed, "bomb")
    assert task["status"] in ("FAILED", "FAILED_WITH_TERMINAL_ERROR"), task["status"]
    assert task["reasonForIncompletion"], "a bomb without a reason"
    assert task["outputData"]["error"], task["outputData"]
    return task


def test_endless_script(server):
    task = bomb(server, "endless", "while (true) {}")
    assert "4 seconds" in task["reasonForIncompletion"], task["reasonForIncompletion"]
    assert task["status"] == "FAILED", task["status"]


def test_hungry_script(server):
    bomb(server, "hungry", "var a = []; while (true) { a.push(new Array(100000).fill('x')); }")


def test_recursive_script(server):
    bomb(server, "recursive", "(function f(n) { return f(n + 1) + 1; })(0)")


def test_swallowing_script(server):
    bomb(server, "stubborn", "while (true) { try { while (true) {} } catch (e) {} }")


def test_invalid_definitions_change_nothing(server):
    for tasks in (
        [],
        [{"name": "x"}],
        [inline("same", "1"), inline("same", "2")],
        [
            node(
                "SWITCH", "s", evaluatorType="javascript", expression="(((", decisionCases={"a": []}
            )
        ],
        [node("TERMINATE", "t", {"terminationStatus": "DONE"})],
        [node("DO_WHILE", "d", loopCondition="true", loopOver=[])],
        [node("SUB_WORKFLOW", "w")],
        [inline("a", "1", bad="${nobody.output.x}")],
    ):
        body = {"name": "refused", "version": 1, "schemaVersion": 2, "tasks": tasks}
        reply = server.post("/api/metadata/workflow", body).expect_error(400)
        found = reply.json()
        assert found["message"] == "Validation failed, check below errors for detail.", found
        assert found["validationErrors"][0]["message"], found
        assert "instance" not in found
    server.get("/api/metadata/workflow/refused").expect_error(404)
    healthy(server)
