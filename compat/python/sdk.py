"""The official SDK, pointed at a test's server."""

import contextlib
import logging
import os
import signal
import subprocess
import sys

from conductor.client.configuration.configuration import Configuration
from conductor.client.orkes_clients import OrkesClients

HERE = os.path.dirname(os.path.abspath(__file__))

# The SDK logs every refused call with a traceback; a test that wants a refusal asserts it.
logging.getLogger("conductor").setLevel(logging.CRITICAL)


class Sdk:
    """The clients of one server, made once."""

    def __init__(self, server):
        clients = OrkesClients(Configuration(server_api_url=server.api))
        self.workflows = clients.get_workflow_client()
        self.executor = clients.get_workflow_executor()
        self.tasks = clients.get_task_client()
        self.metadata = clients.get_metadata_client()


def environment(server):
    """What a user's shell would have: the server's address, and no proxy in between."""
    return {**os.environ, "CONDUCTOR_SERVER_URL": server.api, "NO_PROXY": "127.0.0.1,localhost"}


@contextlib.contextmanager
def program(server, *command, cwd=HERE):
    """A Python program in the background, ended (with its children) when the block ends."""
    process = subprocess.Popen(
        [sys.executable, *command],
        cwd=cwd,
        env=environment(server),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    try:
        yield process
    finally:
        end_group(process)


def end_group(process):
    """End a process started in a session of its own, and everything it started."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    process.stdout.close()


def refused(status, call, *args, **kwargs):
    """The SDK's exception of a call that must be refused with that status."""
    from conductor.client.http.rest import ApiException

    try:
        call(*args, **kwargs)
    except ApiException as error:
        assert error.status == status, f"expected {status}, got {error.status}: {error.body}"
        return error
    raise AssertionError(f"the call was granted; it must be refused with {status}")
