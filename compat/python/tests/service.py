"""The server itself: health, version, metrics, unknown routes, configuration, start and stop."""

import os
import signal
import tempfile

import flows
from conductor.client.configuration.configuration import Configuration
from conductor.client.configuration.settings.authentication_settings import (
    AuthenticationSettings,
)
from conductor.client.orkes_clients import OrkesClients
from flows import define, inline
from harness import Server, eventually


def test_health_version_metrics(server):
    for path in ("/health", "/api/health"):
        body = server.get(path).expect(200).json()
        assert body["healthy"] is True and body["healthResults"] == [], body
    version = server.get("/api/version").expect(200)
    assert version.headers["content-type"].startswith("text/plain") and version.text.strip()
    define(server, "measured", inline("a", "1"))
    flows.execute(server, "measured")
    metrics = server.get("/metrics").expect(200)
    lines = [line for line in metrics.text.splitlines() if line and not line.startswith("#")]
    assert any(line.startswith("fermata_") for line in lines), metrics.text[:500]
    for line in lines:
        float(line.rsplit(" ", 1)[1])


def test_unknown_routes_are_json_404(server):
    for path in (
        "/api/nothing",
        "/api/workflow/",
        "/api/token/userInfo",
        "/api/human/tasks/1",
        "/api/prompts",
        "/api/limits",
    ):
        server.get(path).expect_error(404)
    server.post("/api/token", {"keyId": "a", "keySecret": "b"}).expect_error(404)
    server.post("/api/schema", [{}]).expect_error(404)
    server.post("/api/tasks/some-task/ack", {}).expect_error(404)


def test_wrong_methods_are_json_405(server):
    for method, path in (
        ("PUT", "/api/workflow"),
        ("DELETE", "/api/metadata/workflow"),
        ("PATCH", "/api/tasks"),
        ("GET", "/api/tasks/queue/some_type/some_id"),
        ("POST", "/health"),
    ):
        server.call(method, path).expect_error(405)


def test_sdk_with_keys_finds_an_open_server(server):
    keys = AuthenticationSettings(key_id="id", key_secret="secret")
    clients = OrkesClients(Configuration(server_api_url=server.api, authentication_settings=keys))
    define(server, "opened", inline("a", "1"))
    result = clients.get_workflow_executor().execute("opened", 1, {})
    assert result.status == "COMPLETED", result.status


def test_ready_line_and_clean_stop(server):
    with tempfile.TemporaryDirectory() as folder:
        other = Server(server.binary, os.path.join(folder, "data"))
        try:
            other.start()
            eventually(lambda: any("ready" in line for line in other.log), 5, what="a ready line")
            other.stop()
            other.start()
            other.stop()
        finally:
            other.close()


def test_flags_may_come_from_the_environment(server):
    class Bare(Server):
        def command(self):
            return [self.binary, "server"]

    with tempfile.TemporaryDirectory() as folder:
        data = os.path.join(folder, "from-env")
        bare = Bare(server.binary, data)
        bare.env = {"FERMATA_LISTEN": f"127.0.0.1:{bare.port}", "FERMATA_DATA_DIR": data}
        try:
            bare.start()
            assert os.path.isdir(data)
            bare.stop()
        finally:
            bare.close()


def test_two_servers_do_not_share_a_directory(server):
    rival = Server(server.binary, server.data_dir)
    try:
        rival.start()
    except AssertionError as refusal:
        assert "ended with" in str(refusal), refusal
    else:
        raise AssertionError("a second server opened the same data directory")
    finally:
        rival.close()
    flows.execute(server, define(server, "still_mine", inline("a", "1")))


def test_sigterm_answers_what_is_in_flight(server):
    """A long poll and a synchronous execute are open when the server is told to stop."""
    import threading

    with tempfile.TemporaryDirectory() as folder:
        other = Server(server.binary, os.path.join(folder, "data")).start()
        try:
            gate = define(other, "gate", flows.node("HUMAN", "gate"))
            answers = []

            def ask(method, path, body=None, **query):
                try:
                    answers.append(other.call(method, path, body, query).status)
                except OSError as error:
                    answers.append(error)

            calls = [
                threading.Thread(
                    target=ask,
                    args=("POST", f"/api/workflow/execute/{gate}/1", {"input": {}}),
                    kwargs={"waitForSeconds": 3},
                ),
                threading.Thread(
                    target=ask, args=("GET", "/api/tasks/poll/batch/t"), kwargs={"timeout": 3000}
                ),
            ]
            for call in calls:
                call.start()
            eventually(lambda: other.get(f"/api/workflow/running/{gate}").json(), 5)
            other.process.send_signal(signal.SIGTERM)
            for call in calls:
                call.join()
            assert all(a == 200 or a == 503 for a in answers), answers
            assert other.process.wait(20) == 0, other.tail()
        finally:
            other.close()
