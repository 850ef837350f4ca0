"""Reading runs: one run, its status, running and correlated lists, delete (REST 1.1)."""

import flows
from conductor.client.configuration.configuration import Configuration
from conductor.client.http.api.workflow_resource_api import WorkflowResourceApi
from conductor.client.http.api_client import ApiClient
from flows import define, define_task, ended, inline, run, simple, start, work
from harness import eventually
from sdk import Sdk, refused


def waiting(server, name):
    define_task(server, name)
    return define(server, f"list_{name}", simple(name, "x"))


def running(server, flow, **query):
    return server.get(f"/api/workflow/running/{flow}", **query).expect(200).json()


def test_shape_of_a_run(server):
    flow = waiting(server, "shape")
    run_id = start(server, flow, {"a": None, "b": {}}, correlationId="c-1", priority=3)
    found = run(server, run_id)
    assert found["workflowId"] == run_id and found["status"] == "RUNNING"
    assert found["workflowName"] == flow and found["workflowVersion"] == 1
    assert found["input"] == {"a": None, "b": {}} and found["output"] == {}
    assert found["correlationId"] == "c-1" and found["priority"] == 3
    assert found["createTime"] == found["startTime"] > 0 and found["endTime"] == 0
    assert found["workflowDefinition"]["tasks"][0]["taskDefinition"]["name"] == "shape"
    assert found["variables"] == {} and found["failedReferenceTaskNames"] == []
    (task,) = found["tasks"]
    assert task["status"] == "SCHEDULED" and task["seq"] == 1 and task["iteration"] == 0
    assert task["workflowTask"]["taskReferenceName"] == "x"
    bare = server.get(f"/api/workflow/{run_id}", includeTasks="false").expect(200).json()
    assert bare["tasks"] == []
    sdk_view = Sdk(server).workflows.get_workflow(run_id, include_tasks=True)
    assert sdk_view.status == "RUNNING" and len(sdk_view.tasks) == 1
    server.delete(f"/api/workflow/{run_id}").expect(200)


def test_status_summary_and_task_page(server):
    flow = define(server, "paged", *[inline(f"s{n}", str(n)) for n in range(20)])
    run_id = flows.execute(server, flow)["workflowId"]
    summary = server.get(f"/api/workflow/{run_id}/status").expect(200).json()
    assert summary == {"workflowId": run_id, "status": "COMPLETED"}, summary
    told = Sdk(server).workflows.get_workflow_status(run_id, include_output=True)
    assert told.output == {"result": 19}, told
    page = server.get(f"/api/workflow/{run_id}/tasks").expect(200).json()
    assert page["totalHits"] == 20 and len(page["results"]) == 15
    page = server.get(f"/api/workflow/{run_id}/tasks", start=18, count=5).json()
    assert [t["referenceTaskName"] for t in page["results"]] == ["s18", "s19"]
    page = server.get(f"/api/workflow/{run_id}/tasks", status=["FAILED", "scheduled"]).json()
    assert page == {"totalHits": 0, "results": []}, page


def test_running(server):
    flow = waiting(server, "listed")
    ids = {start(server, flow) for _ in range(3)}
    paused = next(iter(ids))
    server.put(f"/api/workflow/{paused}/pause").expect(200)
    assert set(running(server, flow)) == ids, "PAUSED counts as running"
    api = WorkflowResourceApi(ApiClient(Configuration(server_api_url=server.api)))
    assert set(api.get_running_workflow(flow, version=1)) == ids
    server.put(f"/api/workflow/{paused}/resume").expect(200)
    work(server, "listed")
    eventually(lambda: len(running(server, flow)) == 2, 5, what="two are left")
    for run_id in running(server, flow):
        server.delete(f"/api/workflow/{run_id}").expect(200)
    assert running(server, flow) == []
    created = run(server, paused)["createTime"]
    window = {"startTime": created - 60_000, "endTime": created + 60_000}
    assert set(running(server, flow, **window)) == ids, "created in the range, any status"
    assert running(server, "nobody_knows") == []


def test_correlated(server):
    flow = waiting(server, "related")
    one, two = (start(server, flow, correlationId="order-1") for _ in range(2))
    other = start(server, flow, correlationId="order-2")
    path = f"/api/workflow/{flow}/correlated/order-1"
    found = server.get(path).expect(200).json()
    assert {w["workflowId"] for w in found} == {one, two}
    assert all(w["tasks"] == [] for w in found)
    server.delete(f"/api/workflow/{two}").expect(200)
    assert [w["workflowId"] for w in server.get(path).json()] == [one]
    closed = server.get(path, includeClosed="true", includeTasks="true").json()
    assert {w["workflowId"] for w in closed} == {one, two}
    assert all(len(w["tasks"]) == 1 for w in closed)
    many = Sdk(server).workflows.get_by_correlation_ids(flow, ["order-1", "order-2", "order-3"])
    found = {key: [w["workflowId"] for w in runs] for key, runs in raw(many).items()}
    assert found == {"order-1": [one], "order-2": [other], "order-3": []}, found


def raw(many):
    """The SDK's map of lists, whether it made objects of the entries or left them alone."""

    def plain(entry):
        return entry if isinstance(entry, dict) else {"workflowId": entry.workflow_id}

    return {key: [plain(entry) for entry in runs] for key, runs in many.items()}


def test_remove(server):
    flow = waiting(server, "removed")
    run_id = start(server, flow, correlationId="gone")
    reply = server.delete(f"/api/workflow/{run_id}/remove")
    reply.expect_error(400, f"Cannot archive workflow: {run_id} with status: RUNNING")
    task = work(server, "removed")
    ended(server, run_id)
    Sdk(server).workflows.delete_workflow(run_id, archive_workflow=False)
    server.get(f"/api/workflow/{run_id}").expect_error(
        404, f"No such workflow found by id: {run_id}"
    )
    server.get(f"/api/tasks/{task['taskId']}").expect_error(404)
    path = f"/api/workflow/{flow}/correlated/gone"
    assert server.get(path, includeClosed="true").json() == []
    server.delete(f"/api/workflow/{run_id}/remove").expect_error(404)
    refused(404, Sdk(server).workflows.get_workflow, run_id)


def test_remove_of_a_running_run_without_archive(server):
    flow = waiting(server, "torn")
    run_id = start(server, flow)
    server.delete(f"/api/workflow/{run_id}/remove", archiveWorkflow="false").expect(200)
    server.get(f"/api/workflow/{run_id}").expect_error(404)
    assert flows.poll(server, "torn") is None, "a task of a removed run was handed out"
    assert running(server, flow) == []


def test_removed_stays_removed_after_a_crash(server):
    run_id = flows.execute(server, define(server, "gone", inline("a", "1")))["workflowId"]
    Sdk(server).workflows.remove_workflow(run_id)
    server.restart(hard=True)
    server.get(f"/api/workflow/{run_id}").expect_error(404)


def test_start_by_path(server):
    flow = waiting(server, "by_path")
    reply = server.call(
        "POST",
        f"/api/workflow/{flow}",
        {"k": 1},
        {"version": 1, "correlationId": "p", "priority": 2},
    ).expect(200)
    found = run(server, reply.text)
    assert found["input"] == {"k": 1} and found["correlationId"] == "p" and found["priority"] == 2
    sdk_id = Sdk(server).workflows.start_workflow_by_name(flow, {"k": 2}, version=1)
    assert run(server, sdk_id)["input"] == {"k": 2}
    told = "No such workflow found by name: absent, version: null"
    server.post("/api/workflow/absent", {}).expect_error(404, told)
