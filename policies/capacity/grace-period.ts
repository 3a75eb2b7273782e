import { TIMES } from "@mcp-fleet/contract/capacity";
import { edited } from "../examples/edit.ts";
import { gatewayStack } from "../examples/gateway.ts";
import { policy } from "../policy.ts";
import { GRACE_SECONDS, ToolHiveServer } from "../stack/toolhive-server.ts";
import type { Workload } from "../stack/workload.ts";
import { graceOf, longestCallSeconds } from "./recomputed.ts";

/** How long ToolHive waits for calls in flight after SIGTERM; it cannot be configured. */
const TOOLHIVE_DRAIN = {
  MCPServer: {
    seconds: 30,
    source: "how long its proxy waits before it closes connections, docs run-mcp-k8s",
  },
  VirtualMCPServer: {
    seconds: 10,
    source: "defaultShutdownTimeout of pkg/vmcp/server",
  },
} as const;

export const gracePeriod = policy<Workload | ToolHiveServer>({
  name: "grace-period",
  level: "mandatory",
  isLocal: true,
  rule: "The grace period of a pod is longer than preStop, linger, drain and close together, and the drain is as long as the longest call.",
  prevents: "Every rollout cuts off the calls in flight: SIGKILL comes before their answers",
  source:
    "The time budget of docs/capacity.md; ToolHive's proxies drain for 30 s of a grace period of 30 s, without headroom",
  remediation:
    "Raise terminationGracePeriodSeconds to the value of the message, or lower limits.callTimeoutMax. That of ToolHive's proxies cannot be set.",
  examples: {
    passes: gatewayStack(),
    fails: edited(gatewayStack(), "Deployment eng-gateway", {
      "spec.template.spec.terminationGracePeriodSeconds": undefined,
    }),
    says: "terminationGracePeriodSeconds is 30, but shutdown takes preStop 5 s + linger 10 s + drain 300 s + close 5 s = 320 s; set it to 330",
  },
  subjects: (fleet) => [
    ...fleet.workloadsOf("gateway", "proxy", "server"),
    ...fleet.toolHiveServers,
  ],
  *judge(subject) {
    if (subject instanceof ToolHiveServer) yield* toolHiveFaults(subject);
    else if (!subject.acceptsRisk) yield* workloadFaults(subject);
  },
});

function* workloadFaults(workload: Workload): Iterable<string> {
  const { facts, graceSeconds, preStopSeconds, isProcess } = workload;
  const planned = graceOf(workload);
  const preStop = facts.numberOr("preStopSeconds", planned.preStop.value);
  const drain = facts.numberOr("drainSeconds", planned.drain.value);
  const parts = {
    preStop: Math.max(preStop, preStopSeconds),
    ...(isProcess && { linger: facts.numberOr("lingerSeconds", planned.linger.value) }),
    drain,
    ...(isProcess && { close: facts.numberOr("closeSeconds", planned.close.value) }),
  };
  const whole = Object.values(parts).reduce((sum, seconds) => sum + seconds, 0);
  if (graceSeconds <= whole) {
    const sum = Object.entries(parts).map(([name, seconds]) => `${name} ${seconds} s`);
    const enough = Math.max(planned.terminationGrace.value, whole + TIMES.headroom.value);
    yield `terminationGracePeriodSeconds is ${graceSeconds}, but shutdown takes ${sum.join(" + ")} = ${whole} s; set it to ${enough}`;
  }
  if (preStopSeconds < planned.preStop.value) {
    yield `preStop sleeps for ${preStopSeconds} s, but Services may send requests for another ${planned.preStop.value} s; set lifecycle.preStop.sleep.seconds: ${planned.preStop.value}`;
  }
  const longest = longestCallSeconds(workload);
  if (drain < longest) {
    yield `pods drain for ${drain} s, but the longest call takes ${longest} s; set the annotation mcp-fleet.dev/drain-seconds to ${planned.drain.value}, or lower callTimeoutMaxSeconds`;
  }
}

function* toolHiveFaults({ kind, graceSeconds, facts }: ToolHiveServer): Iterable<string> {
  const { seconds, source } = TOOLHIVE_DRAIN[kind];
  if (kind === "MCPServer") {
    if (facts.riskReason("belowPlan") !== undefined) return;
    yield `its proxy drains for ${seconds} s of a grace period of ${GRACE_SECONDS} s, without headroom, and no field changes that: spec.podTemplateSpec is for the server's own pods; use McpServer, or accept it as belowPlan in the annotation mcp-fleet.dev/accept-risks`;
    return;
  }
  if (graceSeconds > seconds) return;
  yield `terminationGracePeriodSeconds is ${graceSeconds}, but ToolHive drains for ${seconds} s (${source}); set spec.podTemplateSpec.spec.terminationGracePeriodSeconds: ${2 * seconds}`;
}
