"""The bench under every compat test: a server process, wire-level HTTP, and waiting.

Nothing here knows the SDK except the small section at the end, so that a test
can always tell whether the wire or the SDK is at fault.
"""

import http.client
import json
import os
import signal
import socket
import subprocess
import tempfile
import threading
import time
from urllib.parse import urlencode

READY_SECONDS = 30
STOP_SECONDS = 20


def free_port():
    """A port of the loopback interface that nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def eventually(predicate, seconds=10.0, pause=0.02, what=None):
    """Call `predicate` until it returns something truthy, and return that."""
    deadline = time.monotonic() + seconds
    while True:
        found = predicate()
        if found:
            return found
        if time.monotonic() > deadline:
            name = what or getattr(predicate, "__name__", "condition")
            raise AssertionError(f"not reached within {seconds} s: {name}; last value {found!r}")
        time.sleep(pause)


def always(predicate, seconds, pause=0.05):
    """Assert that `predicate` holds at every look during `seconds`."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        assert predicate(), "a condition that must stay true became false"
        time.sleep(pause)


class Reply:
    """One HTTP answer: status, lower-case headers, raw body."""

    def __init__(self, status, headers, body):
        self.status = status
        self.headers = {name.lower(): value for name, value in headers}
        self.body = body

    @property
    def text(self):
        return self.body.decode("utf-8", "replace")

    def json(self):
        return json.loads(self.body)

    def expect(self, status):
        """This reply, if it has that status; otherwise a failure that shows the body."""
        assert self.status == status, f"expected {status}, got {self.status}: {self.text[:500]}"
        return self

    def expect_error(self, status, *fragments):
        """This reply, if it is the contract's JSON error body with these fragments."""
        self.expect(status)
        assert self.headers.get("content-type", "").startswith("application/json"), self.headers
        body = self.json()
        assert body["status"] == status, body
        assert body["retryable"] is False, body
        told = json.dumps(body)
        for fragment in fragments:
            assert fragment in told, f"{fragment!r} is not in {told}"
        return self


class Server:
    """The real binary on its own data directory and a port it keeps across restarts."""

    def __init__(self, binary, data_dir=None, flags=(), env=None, stderr=None):
        self.binary = binary
        self.port = free_port()
        self._own_dir = None
        if data_dir is None:
            self._own_dir = tempfile.TemporaryDirectory(prefix="fermata-compat-")
            data_dir = os.path.join(self._own_dir.name, "data")
        self.data_dir = data_dir
        self.flags = list(flags)
        self.env = dict(env or {})
        self._stderr = stderr
        self.process = None
        self.log = []

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    @property
    def api(self):
        return self.url + "/api"

    def command(self):
        where = ["--listen", f"127.0.0.1:{self.port}", "--data-dir", self.data_dir]
        return [self.binary, "server", *where, *self.flags]

    def start(self):
        clean = {k: v for k, v in os.environ.items() if not k.startswith("FERMATA_")}
        self.process = subprocess.Popen(
            self.command(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={**clean, **self.env},
        )
        for stream, tap in ((self.process.stdout, None), (self.process.stderr, self._stderr)):
            threading.Thread(target=self._drain, args=(stream, tap), daemon=True).start()
        self.wait_healthy()
        return self

    def _drain(self, stream, tap):
        for raw in stream:
            line = raw.decode("utf-8", "replace").rstrip("\n")
            self.log.append(line)
            del self.log[:-400]
            if tap is not None:
                tap(line)

    def wait_healthy(self):
        deadline = time.monotonic() + READY_SECONDS
        while time.monotonic() < deadline:
            code = self.process.poll()
            if code is not None:
                raise AssertionError(f"the server ended with {code}:\n" + self.tail())
            try:
                if http_call(self.port, "GET", "/health", timeout=2).status == 200:
                    return
            except OSError:
                pass
            time.sleep(0.01)
        raise AssertionError("the server did not become healthy:\n" + self.tail())

    def tail(self, lines=40):
        return "\n".join(self.log[-lines:])

    def stop(self):
        """SIGTERM; the server must drain and leave with code 0."""
        self.process.send_signal(signal.SIGTERM)
        try:
            code = self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.kill9()
            raise AssertionError("SIGTERM did not end the server:\n" + self.tail()) from None
        assert code == 0, f"the server left with {code}:\n" + self.tail()

    def kill9(self):
        self.process.kill()
        self.process.wait()

    def restart(self, hard=False):
        """End the process (politely or with kill -9) and start it on the same directory."""
        if hard:
            self.kill9()
        else:
            self.stop()
        return self.start()

    def close(self):
        """End whatever still runs and remove the data directory, if it is ours."""
        if self.process is not None and self.process.poll() is None:
            self.kill9()
        if self._own_dir is not None:
            self._own_dir.cleanup()

    # Wire-level calls ------------------------------------------------------

    def get(self, path, **query):
        return self.call("GET", path, query=query)

    def post(self, path, body=None, **query):
        return self.call("POST", path, body, query=query)

    def put(self, path, body=None, **query):
        return self.call("PUT", path, body, query=query)

    def delete(self, path, **query):
        return self.call("DELETE", path, query=query)

    def call(self, method, path, body=None, query=None, headers=None, timeout=40):
        """One request on a connection of its own; `body` is JSON unless it is bytes."""
        return http_call(self.port, method, path, body, query, headers, timeout)


def http_call(port, method, path, body=None, query=None, headers=None, timeout=40):
    """One request and its answer; an answer that does not arrive whole is an `OSError`."""
    sent = {"Connection": "close", **(headers or {})}
    if query:
        path += "?" + urlencode(query, doseq=True)
    if body is not None and not isinstance(body, bytes):
        body = json.dumps(body).encode()
    if body is not None:
        sent.setdefault("Content-Type", "application/json")
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=timeout)
    try:
        connection.request(method, path, body, sent)
        answer = connection.getresponse()
        return Reply(answer.status, answer.getheaders(), answer.read())
    except http.client.HTTPException as error:
        raise ConnectionError(f"the answer was cut off: {error!r}") from None
    finally:
        connection.close()
