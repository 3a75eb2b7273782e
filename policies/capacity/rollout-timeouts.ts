import { formatSeconds } from "@mcp-fleet/contract";
import { type Figure, figureText, type Grace, grace } from "@mcp-fleet/contract/capacity";
import { gatewayStack } from "../examples/gateway.ts";
import { policy } from "../policy.ts";
import type { Resource } from "../stack/resource.ts";
import type { Workload } from "../stack/workload.ts";
import { graceOf, longestCallSeconds } from "./recomputed.ts";

/** How long Pulumi's provider of Kubernetes waits where nobody says. */
const PROVIDER_SECONDS = 600;

/** progressDeadlineSeconds where nobody says. */
const KUBERNETES_SECONDS = 600;

export const rolloutTimeouts = policy({
  name: "rollout-timeouts",
  level: "mandatory",
  isLocal: true,
  rule: "Pulumi and Kubernetes wait for a workload for as long as its pods may take to start and to end.",
  prevents:
    "An update is given up after 10 minutes while pods still drain as they should: it ends as failed, and what was to come after it is left out",
  source:
    "The time budget of docs/capacity.md; Pulumi's provider of Kubernetes waits 600 s, as does a Deployment for progress",
  remediation:
    "Give the workload the customTimeouts and the progressDeadlineSeconds that the message says.",
  examples: {
    passes: gatewayStack({ sessions: 5000 }),
    fails: gatewayStack({ sessions: 5000 }).map(({ timeouts: _, ...resource }) => resource),
    says: "Pulumi waits 10m for an update",
  },
  subjects: (fleet) => fleet.workloadsOf("gateway", "proxy", "server"),
  *judge(workload) {
    const needed = budgetOf(workload);
    yield* pulumiFaults(workload.resource, needed);
    if (workload.resource.kind === "Deployment") yield* deadlineFaults(workload, needed);
  },
});

/** The time budget of the pods that there may be: a grace period that is longer than planned is a longer drain. */
function budgetOf(workload: Workload): Grace {
  const longer = workload.graceSeconds - graceOf(workload).terminationGrace.value;
  return grace({
    callTimeoutMaxSeconds: Math.ceil(longestCallSeconds(workload)) + Math.max(0, longer),
    replicas: workload.mostReplicas,
  });
}

function* pulumiFaults(resource: Resource, needed: Grace): Iterable<string> {
  const annotation = (name: string) =>
    resource.fields.at("metadata.annotations").member(`pulumi.com/${name}`).text();
  // Who is not waited for is not given up either.
  if (annotation("skipAwait") === "true") return;
  const fallback = Number(annotation("timeoutSeconds") ?? PROVIDER_SECONDS);
  const { createSeconds, updateSeconds, deleteSeconds } = resource.timeouts;
  const waits: readonly (readonly [string, number, Figure])[] = [
    ["create", createSeconds, needed.createTimeout],
    ["update", updateSeconds, needed.updateTimeout],
    ["delete", deleteSeconds, needed.deleteTimeout],
  ];
  for (const [name, said, figure] of waits) {
    const waited = said || fallback;
    if (waited >= figure.value) continue;
    yield `Pulumi waits ${formatSeconds(waited)} for ${name === "update" ? "an" : "a"} ${name}, which may take ${figureText(figure)}: write customTimeouts.${name}: "${figure.value}s"`;
  }
}

function* deadlineFaults(workload: Workload, { progressDeadline }: Grace): Iterable<string> {
  const deadline = workload.resource.fields.at("spec.progressDeadlineSeconds").number();
  const waited = deadline ?? KUBERNETES_SECONDS;
  if (waited >= progressDeadline.value) return;
  yield `progressDeadlineSeconds is ${waited}, and a pod may take ${figureText(progressDeadline)} until it is ready: write ${progressDeadline.value}`;
}
