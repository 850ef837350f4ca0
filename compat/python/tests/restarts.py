"""The server goes away in the middle, politely or not: waiting runs go on."""

import threading

import flows
from flows import (
    answer,
    define,
    define_task,
    ended,
    inline,
    node,
    row,
    run,
    simple,
    start,
    take,
    work,
)
from harness import eventually
from sdk import Sdk


def both(server, scenario):
    """The same scenario with SIGTERM and with kill -9."""
    scenario("soft", server.restart)
    scenario("hard", lambda: server.restart(hard=True))


def test_scheduled_task_is_still_there(server):
    def scenario(name, restart):
        define_task(server, f"parked_{name}")
        flow = define(
            server, f"park_{name}", simple(f"parked_{name}", "x", v="${workflow.input.v}")
        )
        run_id = start(server, flow, {"v": [1, {"two": None}]})
        restart()
        found = run(server, run_id)
        assert found["status"] == "RUNNING" and found["input"] == {"v": [1, {"two": None}]}
        task = work(server, f"parked_{name}", output={"after": name})
        assert task["inputData"] == {"v": [1, {"two": None}]}
        assert ended(server, run_id)["output"] == {"after": name}

    both(server, scenario)


def test_polled_task_keeps_its_lease(server):
    def scenario(name, restart):
        define_task(server, f"held_{name}", responseTimeoutSeconds=60)
        run_id = start(server, define(server, f"hold_{name}", simple(f"held_{name}", "x")))
        task = take(server, f"held_{name}")
        # The lease rides the next commit; an acknowledged write after it makes it durable.
        server.post(f"/api/tasks/{task['taskId']}/log", b"still at it").expect(200)
        restart()
        answer(server, task, output={"by": "the same worker"})
        assert ended(server, run_id)["output"] == {"by": "the same worker"}
        assert flows.statuses(run(server, run_id), "x") == ["COMPLETED"]

    both(server, scenario)


def test_timers_run_on(server):
    def scenario(name, restart):
        nap = node("WAIT", "nap", {"duration": "2 seconds"})
        run_id = start(server, define(server, f"nap_{name}", nap, inline("z", "1")))
        restart()
        done = ended(server, run_id)
        task = row(done, "nap")
        slept = task["endTime"] - task["startTime"]
        assert 2000 <= slept < 8000, slept

    both(server, scenario)


def test_response_timeout_survives(server):
    define_task(server, "lost", responseTimeoutSeconds=1, retryCount=1)
    run_id = start(server, define(server, "lose", simple("lost", "x")))
    first = take(server, "lost")
    server.post(f"/api/tasks/{first['taskId']}/log", b"taken").expect(200)
    server.restart(hard=True)
    second = take(server, "lost", seconds=10)
    answer(server, second)
    done = ended(server, run_id)
    assert flows.rows(done, "x")[-1]["status"] == "COMPLETED"


def test_messages_and_variables_survive(server):
    def scenario(name, restart):
        define_task(server, f"mail_{name}")
        flow = define(
            server,
            f"mailed_{name}",
            node("SET_VARIABLE", "set", {"kept": name}),
            simple(f"mail_{name}", "x"),
            node("PULL_WORKFLOW_MESSAGES", "inbox", {"batchSize": 10}),
            outputParameters={"kept": "${workflow.variables.kept}", "n": "${inbox.output.count}"},
        )
        run_id = start(server, flow)
        client = Sdk(server).workflows
        sent = [client.send_message(run_id, {"n": n}) for n in range(3)]
        restart()
        work(server, f"mail_{name}")
        done = ended(server, run_id)
        assert done["output"] == {"kept": name, "n": 3}, done["output"]
        assert [m["id"] for m in row(done, "inbox")["outputData"]["messages"]] == sent

    both(server, scenario)


def test_children_forks_and_loops_go_on(server):
    def scenario(name, restart):
        kind = f"deep_{name}"
        define_task(server, kind)
        body = simple(kind, "x")
        loop = node("DO_WHILE", "loop", loopCondition="$.loop.iteration < 2", loopOver=[body])
        child = define(server, f"child_{name}", loop)
        sub = node("SUB_WORKFLOW", "sub", {"k": 1}, subWorkflowParam={"name": child})
        fork = {**node("FORK_JOIN", "split"), "forkTasks": [[sub], [simple(kind, "side")]]}
        flow = define(server, f"tree_{name}", fork, node("JOIN", "meet", joinOn=["sub", "side"]))
        run_id = start(server, flow)
        work(server, kind)
        restart()
        work(server, kind)
        restart()
        work(server, kind)
        done = ended(server, run_id)
        assert flows.statuses(done, "sub") == ["COMPLETED"]
        inner = run(server, row(done, "sub")["subWorkflowId"])
        assert flows.refs(inner) == ["loop", "x__1", "x__2"], flows.refs(inner)

    both(server, scenario)


def test_waiting_for_people_goes_on(server):
    def scenario(name, restart):
        flow = define(server, f"ask_{name}", node("HUMAN", "person"), node("WAIT", "gate"))
        run_id = start(server, flow)
        restart()
        server.post(f"/api/tasks/{run_id}/person/COMPLETED", {"ok": 1}).expect(200)
        server.put(f"/api/workflow/{run_id}/pause").expect(200)
        restart()
        assert flows.status(server, run_id) == "PAUSED"
        server.put(f"/api/workflow/{run_id}/resume").expect(200)
        server.post(f"/api/tasks/{run_id}/COMPLETED/signal", {"ok": 2}).expect(200)
        ended(server, run_id)

    both(server, scenario)


def test_finished_runs_and_logs_are_kept(server):
    define_task(server, "noted")
    run_id = start(server, define(server, "note", simple("noted", "x")))
    task = work(server, "noted", output={"v": 1}, logs=[{"log": "kept", "createdTime": 1}])
    before = ended(server, run_id)
    server.restart(hard=True)
    assert run(server, run_id) == before
    logs = server.get(f"/api/tasks/{task['taskId']}/log").expect(200).json()
    assert [line["log"] for line in logs] == ["kept"]


def test_long_loop_survives_kills_midway(server):
    """A hundred thousand iterations in turns of a bounded size, killed as soon as they are seen."""
    body = node("SET_VARIABLE", "set", {"at": "${loop.output.iteration}"})
    loop = node("DO_WHILE", "loop", loopCondition="$.loop.iteration < 100000", loopOver=[body])
    flow = define(server, "marathon", loop)

    def begin():
        try:
            server.post("/api/workflow", {"name": flow, "version": 1, "input": {}})
        except OSError:
            pass  # The kill came before the answer.

    threading.Thread(target=begin, daemon=True).start()
    listed = lambda: server.get(f"/api/workflow/running/{flow}").json()  # noqa: E731
    run_id = eventually(listed, 20, what="the run is there")[0]
    for _ in range(3):
        server.restart(hard=True)

    def finished():
        found = server.get(f"/api/workflow/{run_id}", includeTasks="false").expect(200).json()
        return found if found["status"] != "RUNNING" else None

    done = eventually(finished, 120, what="100,000 iterations")
    assert done["status"] == "COMPLETED" and done["variables"] == {"at": 100000}, done["variables"]
    first = server.get(f"/api/workflow/{run_id}/tasks", start=0, count=2).expect(200).json()
    assert first["totalHits"] == 100_001, first["totalHits"]


def test_starts_during_a_kill_are_kept_or_refused(server):
    """Clients in the middle of a kill: every acknowledged start is there afterwards."""
    flow = define(server, "swarm", inline("a", "1"))
    acknowledged, stop = [], threading.Event()

    def starter():
        while not stop.is_set():
            try:
                acknowledged.append(start(server, flow))
            except (OSError, AssertionError):
                stop.wait(0.05)

    threads = [threading.Thread(target=starter) for _ in range(8)]
    for thread in threads:
        thread.start()
    for _ in range(3):
        goal = len(acknowledged) + 50
        eventually(lambda goal=goal: len(acknowledged) > goal, 20, what="50 more starts")
        server.restart(hard=True)
    stop.set()
    for thread in threads:
        thread.join()
    for run_id in acknowledged:
        ended(server, run_id)
