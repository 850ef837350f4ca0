"""What the clients know, kept outside the server: every request that changes something.

An entry is made before the request leaves and is completed by its answer. An entry without
an answer is *unknown*: it may have happened or not, but it may not have happened twice.
"""

import json
import time


def now_ms():
    return time.time() * 1000


class Start:
    """One start request; `cid` is its correlation id and is never used again."""

    def __init__(self, cid, flow, finals):
        self.cid = cid
        self.flow = flow
        self.finals = set(finals)
        self.run_id = None
        self.acknowledged = False


class Send:
    """One report of a result for an attempt."""

    def __init__(self, output):
        self.output = output
        self.issued_ms = now_ms()
        self.acknowledged_ms = None


class Ledger:
    """All starts, results and messages of one kill loop, in memory and in a file."""

    def __init__(self, path):
        self.starts = {}
        self.results = {}
        self.messages = {}
        self.surprises = []
        # Starts that are not known to be finished; asked often, so it is kept, not computed.
        self._watched = set()
        self._file = open(path, "a", buffering=1, encoding="utf-8")

    def write(self, event, **fields):
        self._file.write(json.dumps({"event": event, "at": now_ms(), **fields}) + "\n")

    def start_issued(self, cid, flow, finals):
        start = self.starts[cid] = Start(cid, flow, finals)
        if start.finals:
            self._watched.add(start)
        self.write("start", cid=cid, flow=flow)
        return start

    def start_acknowledged(self, start, run_id):
        start.run_id = run_id
        start.acknowledged = True
        self.write("started", cid=start.cid, run=run_id)

    def start_lost(self, start):
        """Nobody knows whether it happened; it does not count as open until somebody does."""
        self._watched.discard(start)

    def final_issued(self, cid, step):
        """A result (or last message) is about to leave that may finish the run."""
        start = self.starts.get(cid)
        if start is not None:
            start.finals.discard(step)
            if not start.finals:
                self._watched.discard(start)

    def result_issued(self, task_id, output):
        send = Send(output)
        self.results.setdefault(task_id, []).append(send)
        self.write("result", task=task_id, output=output)
        return send

    def result_acknowledged(self, task_id, send):
        send.acknowledged_ms = now_ms()
        self.write("accepted", task=task_id, send=send.output.get("send"))

    def message_issued(self, run_id, mid):
        self.messages.setdefault(run_id, {})[mid] = False
        self.write("message", run=run_id, mid=mid)

    def message_acknowledged(self, run_id, mid):
        self.messages[run_id][mid] = True
        self.write("delivered", run=run_id, mid=mid)

    def surprise(self, what, status, text):
        """An answer that no correct server gives to this workload."""
        self.surprises.append(f"{what}: {status} {text[:200]}")
        self.write("surprise", what=what, status=status, text=text[:200])

    def surely_open(self):
        """Runs that are acknowledged and miss something that only we can do."""
        return sum(1 for start in self._watched if start.acknowledged)

    def merge_sdk(self, path):
        """Add what the SDK's process wrote about its own starts and results."""
        with open(path, encoding="utf-8") as file:
            for line in file:
                if line.endswith("\n"):
                    self._merge_line(json.loads(line))

    def _merge_line(self, line):
        event = line["event"]
        if event == "start":
            self.start_issued(line["cid"], "kl_sdk", ())
        elif event == "started":
            self.start_acknowledged(self.starts[line["cid"]], line["run"])
        elif event == "result":
            self.result_issued(line["task"], line["output"]).issued_ms = line["at"]
        elif event == "accepted":
            for send in self.results[line["task"]]:
                if send.output["send"] == line["send"]:
                    send.acknowledged_ms = line["at"]
