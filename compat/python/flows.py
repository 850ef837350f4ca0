"""Short words for what most tests do: define, start, take a task, answer it, look at a run.

Definitions are plain JSON here; the tests that are about the SDK's builder use the builder.
"""

from harness import eventually

TERMINAL = ("COMPLETED", "FAILED", "TIMED_OUT", "TERMINATED")


def simple(name, ref=None, **inputs):
    return {"name": name, "taskReferenceName": ref or name, "inputParameters": inputs}


def node(kind, ref, inputs=None, **fields):
    return {
        "name": ref,
        "taskReferenceName": ref,
        "type": kind,
        "inputParameters": inputs or {},
        **fields,
    }


def inline(ref, expression, **inputs):
    return node("INLINE", ref, {"evaluatorType": "javascript", "expression": expression, **inputs})


def define(server, name, *tasks, **fields):
    """Register version 1 of a workflow; a definition that exists is replaced."""
    body = {"name": name, "version": 1, "schemaVersion": 2, "tasks": list(tasks), **fields}
    server.post("/api/metadata/workflow", body, overwrite="true").expect(200)
    return name


def define_task(server, name, **fields):
    """Register a task definition; retries are off unless the test asks for them."""
    body = {"name": name, "retryCount": 0, "retryDelaySeconds": 0, **fields}
    server.post("/api/metadata/taskdefs", [body]).expect(200)
    return name


def start(server, name, inputs=None, **fields):
    request = {"name": name, "input": inputs or {}, **fields}
    reply = server.post("/api/workflow", request).expect(200)
    assert reply.headers["content-type"].startswith("text/plain"), reply.headers
    return reply.text


def execute(server, name, inputs=None, version=1, query=None, **fields):
    body = {"input": inputs or {}, **fields}
    path = f"/api/workflow/execute/{name}/{version}"
    return server.call("POST", path, body, query=query).expect(200).json()


def run(server, run_id):
    return server.get(f"/api/workflow/{run_id}").expect(200).json()


def status(server, run_id):
    return run(server, run_id)["status"]


def ended(server, run_id, expected="COMPLETED", seconds=10):
    """The run once it is terminal; it must have ended as expected."""

    def look():
        found = run(server, run_id)
        return found if found["status"] in TERMINAL else None

    found = eventually(look, seconds, what=f"run {run_id} ends")
    told = (found["status"], found.get("reasonForIncompletion"))
    assert found["status"] == expected, f"expected {expected}, got {told}"
    return found


def rows(found, ref):
    """All attempts of a reference name, in the order of the list."""
    return [task for task in found["tasks"] if task["referenceTaskName"] == ref]


def row(found, ref):
    """The one attempt of a reference name."""
    (only,) = rows(found, ref)
    return only


def refs(found):
    return [task["referenceTaskName"] for task in found["tasks"]]


def statuses(found, ref):
    return [task["status"] for task in rows(found, ref)]


def poll(server, task_type, **query):
    """One poll: a task, or None."""
    reply = server.get(f"/api/tasks/poll/{task_type}", workerid="compat", **query)
    if reply.status == 204:
        assert reply.body == b"", reply.text
        return None
    return reply.expect(200).json()


def take(server, task_type, seconds=10, **query):
    """Poll until a task of this type is handed out."""
    return eventually(
        lambda: poll(server, task_type, **query), seconds, what=f"a task of type {task_type}"
    )


def answer(server, task, outcome="COMPLETED", output=None, **fields):
    """Report a result; the answer must be the task id as plain text."""
    result = {
        "workflowInstanceId": task["workflowInstanceId"],
        "taskId": task["taskId"],
        "workerId": "compat",
        "status": outcome,
        "outputData": output or {},
        **fields,
    }
    reply = server.post("/api/tasks", result).expect(200)
    assert reply.text == task["taskId"], reply.text


def work(server, task_type, outcome="COMPLETED", output=None, **fields):
    """Take the next task of a type and answer it; returns the task as it was handed out."""
    task = take(server, task_type)
    answer(server, task, outcome, output, **fields)
    return task
