"""The workflows of the history checker, one for each kind of effect."""

# How many steps a run of signals waits for, one after the other.
WAITS = 6
# Worker tasks of a run, one after the other.
STEPS = ("first", "second", "third")

TASK = {
    "name": "hc_work",
    "retryCount": 1000,
    "retryDelaySeconds": 0,
    "responseTimeoutSeconds": 3,
    "timeoutSeconds": 0,
}


def step(kind, ref, inputs=None, **fields):
    body = {"name": ref, "taskReferenceName": ref, "type": kind}
    return {**body, "inputParameters": inputs or {}, **fields}


def work(ref):
    return {**step("SIMPLE", ref), "name": TASK["name"]}


def flow(name, *tasks):
    return {"name": name, "version": 1, "schemaVersion": 2, "tasks": list(tasks)}


RESULTS = flow("hc_results", *(work(ref) for ref in STEPS))
SIGNALS = flow("hc_signals", *(step("WAIT", f"wait{number}") for number in range(1, WAITS + 1)))
MESSAGES = flow(
    "hc_messages",
    step(
        "DO_WHILE",
        "loop",
        loopCondition="$.inbox['messages'][0]['payload']['last'] !== true",
        loopOver=[step("PULL_WORKFLOW_MESSAGES", "inbox", {"batchSize": 1, "blocking": True})],
    ),
)
DEFINITIONS = (RESULTS, SIGNALS, MESSAGES)


def register(server):
    """Store all definitions through the API; they are durable when this returns."""
    server.post("/api/metadata/taskdefs", [TASK]).expect(200)
    for definition in DEFINITIONS:
        server.post("/api/metadata/workflow", definition, overwrite="true").expect(200)
