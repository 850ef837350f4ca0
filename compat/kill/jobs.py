"""The three requests that change something: start, report a result, send a message.

A job writes to the ledger when it is made, and again when it is answered. The same jobs are
sent by the steady background load and by the burst before a kill.
"""

import json
from dataclasses import dataclass, field

from shapes import FINAL_STEPS
from wire import encode

PADDING = "x" * 400


@dataclass
class Plan:
    """The messages of one inbox run that are still to be sent."""

    run_id: str
    cid: str
    remaining: int
    in_flight: int = 0
    attempts: int = 0
    # The id of a last message whose outcome is unknown.
    doubt: str | None = None
    last_sent: bool = False
    # The last message is known to be kept; nothing is left to send.
    finished: bool = False

    def ready_for_last(self):
        waits = self.remaining or self.in_flight or self.doubt or self.last_sent
        return not waits


@dataclass
class Held:
    """A task in our hands, and when its result may leave."""

    task: dict
    due: float
    resent: bool = field(default=False)


class Job:
    kind = "read"

    def __init__(self, swarm, data):
        self.swarm = swarm
        self.ledger = swarm.ledger
        self.data = data

    def answered(self, status, body):
        raise NotImplementedError

    def lost(self):
        raise NotImplementedError


class StartJob(Job):
    kind = "start"

    def __init__(self, swarm, flow, cid):
        body = {"name": flow, "correlationId": cid, "input": {"n": cid, "padding": PADDING}}
        super().__init__(swarm, encode("POST", "/api/workflow", body))
        self.start = self.ledger.start_issued(cid, flow, FINAL_STEPS[flow])

    def answered(self, status, body):
        if status != 200:
            self.ledger.start_lost(self.start)
            self.ledger.surprise("start", status, body.decode())
            return
        self.ledger.start_acknowledged(self.start, body.decode())
        if self.start.flow == "kl_inbox":
            self.swarm.plan(self.start)

    def lost(self):
        self.ledger.start_lost(self.start)


class UpdateJob(Job):
    kind = "update"

    def __init__(self, swarm, held, send):
        task = held.task
        self.held = held
        self.task_id = task["taskId"]
        given = task["inputData"]
        ref = task["referenceTaskName"]
        output = {"step": ref, "n": given.get("n"), "task": self.task_id, "send": send}
        if task["taskType"] == "kl_fold":
            output["last"] = any(m["payload"]["last"] for m in given["messages"])
        result = {
            "workflowInstanceId": task["workflowInstanceId"],
            "taskId": self.task_id,
            "workerId": "swarm",
            "status": "COMPLETED",
            "outputData": output,
        }
        path = "/api/tasks" if swarm.random.random() < 0.7 else "/api/tasks/update-v2"
        super().__init__(swarm, encode("POST", path, result))
        self.send = self.ledger.result_issued(self.task_id, output)
        self.ledger.final_issued(given.get("n"), ref)

    def answered(self, status, body):
        if status not in (200, 204):
            self.ledger.surprise("update", status, body.decode())
            return
        self.ledger.result_acknowledged(self.task_id, self.send)
        if status == 200 and body[:1] == b"{":
            self.swarm.hold(json.loads(body))

    def lost(self):
        # Half of the workers report again, the others are never heard of again.
        if self.swarm.random.random() < 0.5:
            self.swarm.hold(self.held.task)


class MessageJob(Job):
    kind = "message"

    def __init__(self, swarm, plan, last):
        plan.attempts += 1
        self.plan = plan
        self.last = last
        self.mid = f"{plan.cid}-{plan.attempts}{'-last' if last else ''}"
        message = {"mid": self.mid, "last": last, "padding": PADDING}
        path = f"/api/workflow/{plan.run_id}/messages"
        super().__init__(swarm, encode("POST", path, message))
        self.ledger.message_issued(plan.run_id, self.mid)
        plan.in_flight += 1
        if last:
            plan.last_sent = True
            self.ledger.final_issued(plan.cid, "last")
        else:
            plan.remaining -= 1

    def answered(self, status, body):
        self.plan.in_flight -= 1
        if status != 200:
            self.ledger.surprise(f"message to {self.plan.run_id}", status, body.decode())
            return
        self.ledger.message_acknowledged(self.plan.run_id, self.mid)
        self.plan.finished |= self.last

    def lost(self):
        self.plan.in_flight -= 1
        if self.last:
            self.plan.doubt = self.mid
        else:
            # Sent again under another name: the first may have been kept.
            self.plan.remaining += 1
