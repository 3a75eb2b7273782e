import { without } from "../examples/edit.ts";
import { manifest } from "../examples/manifest.ts";
import { toolHiveStack } from "../examples/toolhive.ts";
import { policy } from "../policy.ts";
import type { Autoscaler } from "../stack/autoscaler.ts";
import type { ToolHiveServer } from "../stack/toolhive-server.ts";
import { SESSIONS_PER_POD } from "./session-cache.ts";

const ALONE = "sessions are in the memory of a single pod";

export const toolHiveAutoscaling = policy({
  name: "toolhive-autoscaling",
  level: "mandatory",
  rule: "A ToolHive resource with an autoscaler shares its sessions, leaves replicas to it, keeps a pod, and has room for the declared sessions at its minimum.",
  prevents:
    "The autoscaler adds the second pod at noon, and from then on every second request is answered with 404",
  source:
    "ToolHive: replicas that are absent are left to an autoscaler, without a look at sessionStorage; its operator restores replicas that are set",
  remediation:
    "Set spec.sessionStorage.provider: redis, remove spec.replicas, and set the minimum of the autoscaler.",
  examples: {
    passes: [...toolHiveStack(), scaler("MCPServer", "github", 1)],
    fails: [
      ...without(toolHiveStack(), "VirtualMCPServer eng"),
      manifest("toolhive.stacklok.dev/v1beta1:VirtualMCPServer", "eng", {
        spec: { groupRef: { name: "engineering" }, incomingAuth: { type: "anonymous" } },
      }),
      scaler("Deployment", "eng", 5),
    ],
    says: "HorizontalPodAutoscaler eng runs up to 5 pods, but sessions are in the memory of a single pod",
  },
  subjects: ({ toolHiveServers }) => toolHiveServers,
  *judge(server, fleet) {
    for (const autoscaler of fleet.autoscalersOfToolHive(server)) {
      yield* faultsOf(server, autoscaler);
    }
  },
});

function scaler(kind: string, name: string, maxReplicas: number) {
  return manifest("autoscaling/v2:HorizontalPodAutoscaler", name, {
    spec: { scaleTargetRef: { kind, name }, minReplicas: 1, maxReplicas },
  });
}

function* faultsOf(server: ToolHiveServer, { title, min, max, minName, maxName }: Autoscaler) {
  const { spec, kind, facts } = server;
  const up = `${title} runs up to ${max} pods, but`;
  if (max > 1 && kind === "MCPServer" && server.transport === "stdio") {
    yield `${up} transport stdio has a single process; set ${maxName}: 1, or transport: streamable-http`;
  } else if (max > 1 && !server.sharesSessions) {
    yield `${up} ${ALONE}; set spec.sessionStorage.provider: redis, or ${maxName}: 1`;
  }
  if (min === 0) yield `${title} may take away all pods; set ${minName} to 1 or more`;
  if (max > 1 && spec.at("replicas").isThere) {
    yield `spec.replicas is ${server.replicas}, which the operator restores whenever ${title} changes it; remove it`;
  }
  if (kind !== "VirtualMCPServer" || !facts.has("sessions")) return;
  const sessions = facts.number("sessions");
  const left = Math.max(Math.min(1, min), min - 1);
  if (sessions <= left * SESSIONS_PER_POD) return;
  const enough = Math.ceil(sessions / SESSIONS_PER_POD) + 1;
  yield `${sessions} sessions, but ${left} of the ${min} pods that ${title} keeps can hold only ${left} × ${SESSIONS_PER_POD}; set ${minName} to ${enough}`;
}
