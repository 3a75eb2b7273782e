import { formatSeconds } from "@mcp-fleet/contract";
import { type Figure, figureText, type Grace, grace } from "@mcp-fleet/contract/capacity";
import { gatewayStack } from "../examples/gateway.ts";
import { policy } from "../policy.ts";
import type { Resource } from "../stack/resource.ts";
import type { Workload } from "../stack/workload.ts";
import { graceOf, longestCallSeconds } from "./recomputed.ts";

/** The default timeout of Pulumi's Kubernetes provider. */
const PROVIDER_SECONDS = 600;

/** The default of progressDeadlineSeconds. */
const KUBERNETES_SECONDS = 600;

export const rolloutTimeouts = policy({
  name: "rollout-timeouts",
  level: "mandatory",
  isLocal: true,
  rule: "Pulumi and Kubernetes wait for a workload as long as its pods may take to start and shut down.",
  prevents:
    "An update times out after 10 minutes while pods are still draining as intended: it counts as failed, and what comes after it is skipped",
  source:
    "The time budget of docs/capacity.md; Pulumi's Kubernetes provider waits 600 s by default, and so does a Deployment for progress",
  remediation: "Set the customTimeouts and the progressDeadlineSeconds of the message.",
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

/** The time budget for the maximum number of pods; a grace period that is longer than planned counts as a longer drain. */
function budgetOf(workload: Workload): Grace {
  const longer = workload.graceSeconds - graceOf(workload).terminationGrace.value;
  return grace({
    callTimeoutMaxSeconds: Math.ceil(longestCallSeconds(workload)) + Math.max(0, longer),
    replicas: workload.maxReplicas,
  });
}

function* pulumiFaults(resource: Resource, needed: Grace): Iterable<string> {
  const annotation = (name: string) =>
    resource.fields.at("metadata.annotations").member(`pulumi.com/${name}`).text();
  // Without waiting there is no timeout.
  if (annotation("skipAwait") === "true") return;
  const fallback = Number(annotation("timeoutSeconds") ?? PROVIDER_SECONDS);
  const { createSeconds, updateSeconds, deleteSeconds } = resource.timeouts;
  const waits: readonly (readonly [string, number, Figure])[] = [
    ["create", createSeconds, needed.createTimeout],
    ["update", updateSeconds, needed.updateTimeout],
    ["delete", deleteSeconds, needed.deleteTimeout],
  ];
  for (const [name, custom, figure] of waits) {
    const waited = custom || fallback;
    if (waited >= figure.value) continue;
    yield `Pulumi waits ${formatSeconds(waited)} for ${name === "update" ? "an" : "a"} ${name}, which may take ${figureText(figure)}; set customTimeouts.${name}: "${figure.value}s"`;
  }
}

function* deadlineFaults(workload: Workload, { progressDeadline }: Grace): Iterable<string> {
  const deadline = workload.resource.fields.at("spec.progressDeadlineSeconds").number();
  const waited = deadline ?? KUBERNETES_SECONDS;
  if (waited >= progressDeadline.value) return;
  yield `progressDeadlineSeconds is ${waited}, but a pod may take ${figureText(progressDeadline)} until it is ready; set it to ${progressDeadline.value}`;
}
