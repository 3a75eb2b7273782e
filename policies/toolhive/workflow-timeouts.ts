import { formatSeconds } from "@mcp-fleet/contract";
import { edited } from "../examples/edit.ts";
import { toolHiveStack } from "../examples/toolhive.ts";
import { policy } from "../policy.ts";
import type { Resource } from "../stack/resource.ts";
import { goDuration } from "./go-duration.ts";
import { Workflow } from "./workflow.ts";
import { type Loop, PARALLEL, type WorkflowStep } from "./workflow-step.ts";

/** ToolHive's backoff: its growth per retry, its jitter, and its maximum as a multiple of the first delay. */
const BACKOFF = { growth: 1.5, jitter: 1.5, max: 60 } as const;

export const workflowTimeouts = policy({
  name: "workflow-timeouts",
  level: "mandatory",
  isLocal: true,
  rule: "The timeout of a ToolHive workflow covers its steps in the worst case, and the timeout of a forEach covers all of its items.",
  prevents:
    "A workflow is cut off in the middle: some issues are closed and some are not, and the client learns neither which nor why",
  source: `ToolHive's workflow engine: levels run one after the other, ${PARALLEL} steps at a time; the timeouts are 30 min for a workflow and 5 min for a step, including all items of a forEach and all retries of a call`,
  remediation:
    "Raise the timeout of the workflow or of the forEach; or lower maxIterations, raise maxParallel, or shorten the timeouts of steps. The timeout of a forEach's inner step limits one call.",
  settings: {
    callSeconds: {
      type: "integer",
      default: 30,
      description:
        "The longest call of a forEach in seconds, if neither its inner step nor operational.timeouts.default sets a timeout. ToolHive's default of the latter",
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
    yield `workflow ${name}, forEach ${id}: ${sum}, but its timeout for all of them is ${formatSeconds(timeoutSeconds)}; set timeout: ${formatSeconds(Math.ceil(needed))}, lower maxIterations, or set the timeout of one call at its inner step`;
  }
}

/** The longest time of one item: every attempt, and the delays between them. */
function roundSeconds({ retries, retrySeconds }: Loop, callSeconds: number): number {
  const waits = Array.from({ length: retries }, (_, retry) =>
    Math.min(retrySeconds * BACKOFF.growth ** retry, retrySeconds * BACKOFF.max),
  );
  const waited = waits.reduce((sum, seconds) => sum + seconds * BACKOFF.jitter, 0);
  return (retries + 1) * callSeconds + waited;
}

function* judgeWhole({ name, levels, timeoutSeconds }: Workflow): Iterable<string> {
  const seconds = levels.map(levelSeconds);
  const needed = seconds.reduce((sum, one) => sum + one, 0);
  if (needed <= timeoutSeconds) return;
  const sum = seconds.map(formatSeconds).join(" + ");
  yield `workflow ${name}: its steps may take ${sum} = ${formatSeconds(needed)}, level after level, but its timeout is ${formatSeconds(timeoutSeconds)}; set timeout: ${formatSeconds(Math.ceil(needed))}, or shorten the timeouts of its steps`;
}

/** The longest step; if there are more steps than run concurrently, plus a share of the others. */
function levelSeconds(steps: readonly WorkflowStep[]): number {
  const seconds = steps.map(({ timeoutSeconds }) => timeoutSeconds);
  const longest = Math.max(...seconds);
  if (steps.length <= PARALLEL) return longest;
  const rest = seconds.reduce((sum, one) => sum + one, 0) - longest;
  return longest + rest / PARALLEL;
}
