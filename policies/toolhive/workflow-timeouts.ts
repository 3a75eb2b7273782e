import { formatSeconds } from "@mcp-fleet/contract";
import { edited } from "../examples/edit.ts";
import { toolHiveStack } from "../examples/toolhive.ts";
import { policy } from "../policy.ts";
import type { Resource } from "../stack/resource.ts";
import { goDuration } from "./go-duration.ts";
import { Workflow } from "./workflow.ts";
import { type Loop, PARALLEL, type WorkflowStep } from "./workflow-step.ts";

/** How ToolHive's back-off grows from one retry to the next, with its jitter, and up to which multiple of the first. */
const BACKOFF = { growth: 1.5, jitter: 1.5, most: 60 } as const;

export const workflowTimeouts = policy({
  name: "workflow-timeouts",
  level: "mandatory",
  isLocal: true,
  rule: "A workflow of ToolHive's has the time that its steps may take at worst, and each forEach that of all of its items.",
  prevents:
    "A workflow is cut in the middle: some issues are closed and some are not, and the client learns neither which nor why",
  source: `ToolHive's workflow engine: levels one after the other, ${PARALLEL} steps at a time; 30 min for a workflow and 5 min for a step, which holds for a forEach with all of its items and for a call with all of its retries`,
  remediation:
    "Write a longer timeout, of the workflow or of the forEach; or fewer maxIterations, more maxParallel, shorter timeouts of steps. The timeout of a forEach's inner step says how long one call takes at most.",
  settings: {
    callSeconds: {
      type: "integer",
      default: 30,
      about:
        "The longest call of a forEach, where neither its inner step nor operational.timeouts.default says it. ToolHive's default of the latter",
    },
  },
  examples: {
    passes: toolHiveStack(),
    fails: edited(toolHiveStack(), "VirtualMCPServer eng", {
      "spec.config.compositeTools[0].steps[1].maxIterations": 1000,
    }),
    says: "100 rounds × 30s = 50m",
  },
  subjects: (fleet) => Workflow.holders(fleet).map((resource) => ({ resource })),
  *judge({ resource }, _, { callSeconds }) {
    const call = defaultCall(resource) ?? callSeconds;
    for (const workflow of Workflow.in(resource)) {
      yield* judgeLoops(workflow, call);
      yield* judgeWhole(workflow);
    }
  },
});

const defaultCall = ({ fields }: Resource): number | undefined =>
  goDuration(fields.at("spec.config.operational.timeouts.default"));

function* judgeLoops({ name, steps }: Workflow, call: number): Iterable<string> {
  for (const { id, loop, timeoutSeconds } of steps) {
    if (loop === undefined) continue;
    const round = roundSeconds(loop, loop.callSeconds ?? call);
    const needed = loop.rounds * round;
    if (needed <= timeoutSeconds) continue;
    const sum = `${loop.items} items, ${loop.parallel} at a time: ${loop.rounds} rounds × ${formatSeconds(round)} = ${formatSeconds(needed)}`;
    yield `workflow ${name}, forEach ${id}: ${sum}, and its timeout of ${formatSeconds(timeoutSeconds)} is for all of them: write timeout: ${formatSeconds(Math.ceil(needed))}, fewer maxIterations, or the timeout of one call at its inner step`;
  }
}

/** The longest that one item takes: every attempt, and what is waited between them. */
function roundSeconds({ retries, retrySeconds }: Loop, callSeconds: number): number {
  const waits = Array.from({ length: retries }, (_, retry) =>
    Math.min(retrySeconds * BACKOFF.growth ** retry, retrySeconds * BACKOFF.most),
  );
  const waited = waits.reduce((sum, seconds) => sum + seconds * BACKOFF.jitter, 0);
  return (retries + 1) * callSeconds + waited;
}

function* judgeWhole({ name, levels, timeoutSeconds }: Workflow): Iterable<string> {
  const seconds = levels.map(levelSeconds);
  const needed = seconds.reduce((sum, one) => sum + one, 0);
  if (needed <= timeoutSeconds) return;
  const sum = seconds.map(formatSeconds).join(" + ");
  yield `workflow ${name}: its steps, level after level, may take ${sum} = ${formatSeconds(needed)}, and its timeout is ${formatSeconds(timeoutSeconds)}: write timeout: ${formatSeconds(Math.ceil(needed))}, or shorter timeouts of its steps`;
}

/** The longest step; where there are more than run side by side, the others wait for a share of what all take. */
function levelSeconds(steps: readonly WorkflowStep[]): number {
  const seconds = steps.map(({ timeoutSeconds }) => timeoutSeconds);
  const longest = Math.max(...seconds);
  if (steps.length <= PARALLEL) return longest;
  const rest = seconds.reduce((sum, one) => sum + one, 0) - longest;
  return longest + rest / PARALLEL;
}
