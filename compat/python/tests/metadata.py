"""Definitions of tasks and workflows: create, read, change, delete, refuse (REST 1.5, 8)."""

import flows
from conductor.client.http.models.task_def import TaskDef
from conductor.client.workflow.conductor_workflow import ConductorWorkflow
from conductor.client.workflow.task.simple_task import SimpleTask
from flows import define, define_task, inline, row, run, simple, start
from sdk import Sdk, refused


def flow_body(name, version=1, value="1"):
    tasks = [inline("a", value)]
    return {"name": name, "version": version, "schemaVersion": 2, "tasks": tasks}


def test_task_definitions_through_the_sdk(server):
    metadata = Sdk(server).metadata
    metadata.register_task_def(TaskDef(name="made", retry_count=4, retry_delay_seconds=9))
    found = metadata.get_task_def("made")
    assert found.retry_count == 4 and found.retry_delay_seconds == 9
    assert found.response_timeout_seconds == 3600 and found.timeout_policy == "TIME_OUT_WF"
    found.retry_count = 5
    metadata.update_task_def(found)
    assert metadata.get_task_def("made").retry_count == 5
    assert "made" in [d.name for d in metadata.get_all_task_defs()]
    metadata.unregister_task_def("made")
    refused(404, metadata.get_task_def, "made")
    refused(404, metadata.unregister_task_def, "made")


def test_task_definition_defaults_on_the_wire(server):
    server.post("/api/metadata/taskdefs", [{"name": "plain"}]).expect(200)
    found = server.get("/api/metadata/taskdefs/plain").expect(200).json()
    expected = {
        "name": "plain",
        "retryCount": 3,
        "retryLogic": "FIXED",
        "retryDelaySeconds": 60,
        "timeoutSeconds": 0,
        "timeoutPolicy": "TIME_OUT_WF",
        "responseTimeoutSeconds": 3600,
        "rateLimitPerFrequency": 0,
        "rateLimitFrequencyInSeconds": 1,
        "backoffScaleFactor": 1,
        "inputKeys": [],
        "enforceSchema": False,
    }
    for key, value in expected.items():
        assert found[key] == value, (key, found.get(key))
    assert found["createTime"] > 0
    reply = server.get("/api/metadata/taskdefs/absent")
    reply.expect_error(404, "No such taskType found by name: absent")


def test_invalid_task_definitions(server):
    for fields in (
        {"name": ""},
        {"name": "t", "retryCount": -1},
        {"name": "t", "responseTimeoutSeconds": 0},
        {"name": "t", "timeoutSeconds": 60},
        {"name": "t", "timeoutSeconds": 60, "totalTimeoutSeconds": 30, "responseTimeoutSeconds": 5},
        {"name": "t", "backoffScaleFactor": 0},
    ):
        reply = server.post("/api/metadata/taskdefs", [fields]).expect_error(400)
        assert reply.json()["validationErrors"], (fields, reply.text)
    server.post("/api/metadata/taskdefs", []).expect_error(400)
    server.get("/api/metadata/taskdefs/t").expect_error(404)


def test_workflow_definitions_through_the_sdk(server):
    sdk = Sdk(server)
    flow = ConductorWorkflow(name="sdk_def", version=1, executor=sdk.executor, description="one")
    flow >> SimpleTask("some_task", "x")
    flow.timeout_seconds(120).owner_email("me@example.com")
    sdk.metadata.register_workflow_def(flow.to_workflow_def(), overwrite=False)
    found = sdk.metadata.get_workflow_def("sdk_def")
    assert found.version == 1 and found.description == "one" and found.timeout_seconds == 120
    assert found.tasks[0].task_reference_name == "x"
    refused(409, sdk.metadata.register_workflow_def, flow.to_workflow_def(), overwrite=False)
    flow.description = "two"
    flow.register(overwrite=True)
    assert sdk.metadata.get_workflow_def("sdk_def", 1).description == "two"
    assert "sdk_def" in [d.name for d in sdk.metadata.get_all_workflow_defs()]
    sdk.metadata.unregister_workflow_def("sdk_def", 1)
    refused(404, sdk.metadata.get_workflow_def, "sdk_def")


def test_duplicate_is_a_conflict(server):
    assert server.post("/api/metadata/workflow", flow_body("dup")).expect(200).body == b""
    reply = server.post("/api/metadata/workflow", flow_body("dup"))
    reply.expect_error(409, "Workflow with dup.1 already exists!")
    server.post("/api/metadata/workflow", flow_body("dup", value="2"), overwrite="True").expect(200)
    assert flows.execute(server, "dup")["output"] == {"result": 2}


def test_versions(server):
    for version in (1, 3, 2):
        server.post("/api/metadata/workflow", flow_body("many", version, str(version))).expect(200)
    found = server.get("/api/metadata/workflow/many").expect(200).json()
    assert found["version"] == 3, "the latest is the highest number"
    found = server.get("/api/metadata/workflow/many", version=2).expect(200).json()
    assert found["version"] == 2 and found["schemaVersion"] == 2
    reply = server.get("/api/metadata/workflow/many", version=9)
    reply.expect_error(404, "No such workflow found by name: many, version: 9")
    assert flows.execute(server, "many", version=2)["output"] == {"result": 2}
    assert run(server, start(server, "many"))["workflowVersion"] == 3
    server.delete("/api/metadata/workflow/many/3").expect(200)
    assert run(server, start(server, "many"))["workflowVersion"] == 2
    server.delete("/api/metadata/workflow/many/3").expect_error(404)


def test_bulk_put(server):
    reply = server.put("/api/metadata/workflow", [flow_body("put_a"), flow_body("put_b")]).expect(
        200
    )
    body = reply.json()
    assert sorted(body["bulkSuccessfulResults"]) == ["put_a", "put_b"], body
    assert body["bulkErrorResults"] == {}, body
    broken = {**flow_body("put_c"), "tasks": []}
    server.put("/api/metadata/workflow", [flow_body("put_d"), broken]).expect_error(400)
    server.get("/api/metadata/workflow/put_d").expect_error(404)


def test_a_run_keeps_the_definition_it_was_started_with(server):
    define_task(server, "pinned", retryCount=1)
    flow = define(server, "snapshot", simple("pinned", "x"), inline("after", "'old'"))
    run_id = start(server, flow)
    define(server, "snapshot", simple("pinned", "x"), inline("after", "'new'"))
    define_task(server, "pinned", retryCount=0)
    flows.work(server, "pinned", "FAILED")
    flows.work(server, "pinned")
    done = flows.ended(server, run_id)
    assert done["output"] == {"result": "old"}, done["output"]
    assert len(flows.rows(done, "x")) == 2


def test_unregistered_task_gets_an_ad_hoc_definition(server):
    run_id = start(server, define(server, "ad_hoc", simple("never_registered", "x")))
    definition = row(run(server, run_id), "x")["taskDefinition"]
    assert definition["retryCount"] == 3 and definition["responseTimeoutSeconds"] == 3600
    server.get("/api/metadata/taskdefs/never_registered").expect_error(404)
    flows.work(server, "never_registered")
    flows.ended(server, run_id)


def test_definitions_survive_a_crash(server):
    define_task(server, "durable_task", retryCount=6)
    define(server, "durable_flow", simple("durable_task", "x"))
    server.restart(hard=True)
    assert server.get("/api/metadata/taskdefs/durable_task").json()["retryCount"] == 6
    assert (
        server.get("/api/metadata/workflow/durable_flow").json()["tasks"][0]["name"]
        == "durable_task"
    )
    server.restart()
    server.delete("/api/metadata/taskdefs/durable_task").expect(200)
    server.restart(hard=True)
    server.get("/api/metadata/taskdefs/durable_task").expect_error(404)
