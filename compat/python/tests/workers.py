"""Worker processes of the official SDK: TaskHandler, decorators, self-registration."""

import threading

import flows
from conductor.client.workflow.conductor_workflow import ConductorWorkflow
from conductor.client.workflow.task.simple_task import simple_task
from harness import eventually
from sdk import Sdk, program

WORKERS = {}


def workers(server):
    """Start the worker program once for this file; the run's end kills its group."""
    if not WORKERS:
        context = program(server, "programs/workers.py")
        process = context.__enter__()
        WORKERS.update(context=context, process=process, lines=[])
        threading.Thread(target=read, args=(process,), daemon=True).start()
        eventually(lambda: "workers are up\n" in WORKERS["lines"], 60, what="workers are up")


def read(process):
    for line in process.stdout:
        WORKERS["lines"].append(line)


def run_one(server, name, inputs=None, seconds=30, outcome="COMPLETED"):
    flow = flows.define(server, f"one_{name}", flows.simple(name, "only", **(inputs or {})))
    return flows.ended(server, flows.start(server, flow), outcome, seconds)


def test_builder_and_worker_processes(server):
    """The helloworld of the SDK: build, register, start workers, execute, read the output."""
    flows.define_task(server, "py_greet")
    flows.define_task(server, "py_leased", responseTimeoutSeconds=6, timeoutSeconds=30)
    flows.define_task(server, "py_flaky", retryCount=3)
    workers(server)
    executor = Sdk(server).executor
    greet = simple_task("py_greet", "greet_ref", {"name": "${workflow.input.name}"})
    hello = ConductorWorkflow(name="py_hello", version=1, executor=executor)
    hello >> greet
    hello.output_parameters({"greeting": greet.output("result")})
    hello.register(overwrite=True)
    result = executor.execute("py_hello", 1, {"name": "Fermata"}, wait_for_seconds=30)
    assert result.status == "COMPLETED", result.status
    assert result.output == {"greeting": "hello Fermata"}, result.output
    assert result.workflow_id


def test_definition_inline_with_the_builder(server):
    workers(server)
    flow = ConductorWorkflow(name="py_inline", executor=Sdk(server).executor)
    flow >> simple_task("py_greet", "first", {"name": "you"})
    flow >> simple_task("py_greet", "second", {"name": "${first.output.result}"})
    result = flow.execute(wait_for_seconds=30)
    assert result.status == "COMPLETED", result.status
    assert result.output["result"] == "hello hello you", result.output
    assert [t.reference_task_name for t in result.tasks] == ["first", "second"]


def test_dataclass_input_and_async_worker(server):
    workers(server)
    done = run_one(server, "py_order", {"order": {"id": "o-1", "lines": 4}})
    assert done["output"] == {"id": "o-1", "twice": 8}, done["output"]
    done = run_one(server, "py_async", {"a": 2, "b": 40})
    assert done["output"]["sum"] == 42, done["output"]


def test_exceptions_become_attempts(server):
    workers(server)
    done = run_one(server, "py_flaky", {"fail_times": 2})
    assert flows.statuses(done, "only") == ["FAILED", "FAILED", "COMPLETED"]
    first = flows.rows(done, "only")[0]
    assert first["reasonForIncompletion"] == "not yet", first
    assert done["output"] == {"attempt": 2}
    logs = server.get(f"/api/tasks/{first['taskId']}/log").expect(200).json()
    assert any("attempt 0" in line["log"] for line in logs), logs


def test_non_retryable_exception(server):
    workers(server)
    failed = run_one(server, "py_flaky", {"fail_times": -1}, outcome="FAILED")
    assert flows.statuses(failed, "only") == ["FAILED_WITH_TERMINAL_ERROR"]
    assert "never again" in failed["reasonForIncompletion"], failed["reasonForIncompletion"]


def test_worker_registers_its_own_definition(server):
    workers(server)
    found = eventually(lambda: server.get("/api/metadata/taskdefs/py_registered").status == 200, 20)
    assert found
    definition = Sdk(server).metadata.get_task_def("py_registered")
    assert definition.retry_count == 7, definition
    assert definition.response_timeout_seconds == 60
    done = run_one(server, "py_registered", {"n": 5})
    assert done["output"] == {"n": 5}
    assert flows.row(done, "only")["taskDefinition"]["retryCount"] == 7


def test_lease_is_extended_by_the_sdk(server):
    workers(server)
    done = run_one(server, "py_leased")
    assert flows.statuses(done, "only") == ["COMPLETED"], flows.statuses(done, "only")


def test_in_progress_result_comes_back_after_its_delay(server):
    workers(server)
    done = run_one(server, "py_stages")
    only = flows.row(done, "only")
    assert only["pollCount"] == 3, only["pollCount"]
    assert only["outputData"] == {"stage": 3, "done": True}, only["outputData"]


def test_many_runs_through_worker_processes(server):
    """Throughput is not measured here; that nothing is lost or done twice is."""
    workers(server)
    flow = flows.define(server, "many", {**flows.simple("py_greet", "g"), "inputParameters": {"name": "${workflow.input.n}"}})
    ids = {flows.start(server, flow, {"n": str(n)}): n for n in range(60)}
    for run_id, n in ids.items():
        done = flows.ended(server, run_id, seconds=60)
        assert done["output"] == {"result": f"hello {n}"}, done["output"]
        assert flows.statuses(done, "g") == ["COMPLETED"]


def teardown(server):
    if WORKERS:
        WORKERS["context"].__exit__(None, None, None)
