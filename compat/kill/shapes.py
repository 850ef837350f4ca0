"""The workflows of the kill loop, and which of their steps are done by whom.

Every step's input carries `n`, the number of its run, and `prev`, the output of the step
before it, so that the judge can see whether what was recorded is what was passed on.
"""

TASK = {
    "retryCount": 1000,
    "retryDelaySeconds": 0,
    "responseTimeoutSeconds": 5,
    "timeoutSeconds": 0,
}

# Done by the swarm in this process, and by the SDK's workers, respectively.
SWARM_TYPES = ("kl_a", "kl_b", "kl_left", "kl_right", "kl_turn", "kl_inner", "kl_fold")
SDK_TYPES = ("kl_sdk_one", "kl_sdk_two", "kl_sdk_polled")

LOOP_TURNS = 3
N = "${workflow.input.n}"


def simple(kind, ref, **inputs):
    return {
        "name": kind,
        "taskReferenceName": ref,
        "type": "SIMPLE",
        "inputParameters": {"n": N, **inputs},
    }


def node(kind, ref, inputs=None, **fields):
    body = {"name": ref, "taskReferenceName": ref, "type": kind}
    return {**body, "inputParameters": inputs or {}, **fields}


def flow(name, *tasks):
    return {"name": name, "version": 1, "schemaVersion": 2, "tasks": list(tasks)}


TWO = flow("kl_two", simple("kl_a", "a"), simple("kl_b", "b", prev="${a.output}"))
CHILD = flow("kl_child", simple("kl_inner", "inner"))
FORK = flow(
    "kl_fork",
    node(
        "FORK_JOIN",
        "split",
        forkTasks=[[simple("kl_left", "left")], [simple("kl_right", "right")]],
    ),
    node("JOIN", "meet", joinOn=["left", "right"]),
)
LOOP = flow(
    "kl_loop",
    node(
        "DO_WHILE",
        "loop",
        loopCondition=f"$.loop.iteration < {LOOP_TURNS}",
        loopOver=[simple("kl_turn", "turn", prev="${turn.output}")],
    ),
)
PARENT = flow(
    "kl_parent",
    simple("kl_a", "a"),
    node("SUB_WORKFLOW", "sub", {"n": N}, subWorkflowParam={"name": "kl_child", "version": 1}),
)
INBOX = flow(
    "kl_inbox",
    node(
        "DO_WHILE",
        "loop",
        loopCondition="$.fold.last !== true",
        loopOver=[
            node("PULL_WORKFLOW_MESSAGES", "inbox", {"batchSize": 3}),
            simple("kl_fold", "fold", messages="${inbox.output.messages}"),
        ],
    ),
)
SDK = flow(
    "kl_sdk",
    simple("kl_sdk_one", "one"),
    simple("kl_sdk_two", "two", prev="${one.output}"),
    simple("kl_sdk_polled", "polled", prev="${two.output}"),
)

DEFINITIONS = (TWO, CHILD, FORK, LOOP, PARENT, INBOX, SDK)
# What the swarm starts, and how often; the SDK's process starts kl_sdk itself.
WEIGHTS = {"kl_two": 25, "kl_fork": 20, "kl_loop": 15, "kl_parent": 15, "kl_inbox": 25}
# Steps whose results must all be reported before a run can be finished; `last` stands for
# the last message of an inbox run.
FINAL_STEPS = {
    "kl_two": {"b"},
    "kl_fork": {"left", "right"},
    "kl_loop": {f"turn__{LOOP_TURNS}"},
    "kl_parent": {"inner"},
    "kl_inbox": {"last"},
}
# The steps a worker must have completed exactly once, by flow; an inbox run's vary.
WORKER_STEPS = {
    "kl_two": {"a", "b"},
    "kl_fork": {"left", "right"},
    "kl_loop": {f"turn__{n}" for n in range(1, LOOP_TURNS + 1)},
    "kl_parent": {"a"},
    "kl_child": {"inner"},
    "kl_sdk": {"one", "two", "polled"},
}


def register(server):
    """Store all definitions through the API; they are durable when this returns."""
    names = SWARM_TYPES + SDK_TYPES
    server.post("/api/metadata/taskdefs", [{"name": name, **TASK} for name in names]).expect(200)
    # A child must be known before its parent is started, not before it is stored.
    for definition in DEFINITIONS:
        server.post("/api/metadata/workflow", definition, overwrite="true").expect(200)
