import { INPUTS } from "@mcp-fleet/contract/capacity";
import { gatewayStack, proxyStack } from "../examples/gateway.ts";
import { policy } from "../policy.ts";
import type { Workload } from "../stack/workload.ts";
import { backendsCalledBy } from "./called-backend.ts";

export const ttlOrder = policy({
  name: "session-ttl-order",
  level: "mandatory",
  rule: "A session that nobody uses ends at a gateway no later than at the proxies and gateways that it calls.",
  prevents:
    "A client that comes back after a pause finds its session, but that behind it has ended: what the server kept of it is lost, and the call fails",
  source: "The defaults: 30 minutes at gateways and 2 hours at proxies, ours and ToolHive's",
  remediation:
    "Lower session.idleTtl of the gateway, or raise proxy.session.idleTtl of the server.",
  examples: {
    passes: [...gatewayStack(), ...proxyStack()],
    fails: [...gatewayStack({ idleTtlSeconds: 10_800 }), ...proxyStack()],
    says: "an idle session ends after 10800 s, but after 7200 s at Deployment github-proxy",
  },
  subjects: ({ processes }) => processes,
  *judge(process, fleet) {
    for (const { name, workloads, toolHiveServer } of backendsCalledBy(process, fleet)) {
      const called = [...workloads.filter(({ isProcess }) => isProcess), toolHiveServer];
      for (const backend of called.filter((one) => one !== undefined)) {
        const own = idleTtlSeconds(process);
        const behind = "role" in backend ? idleTtlSeconds(backend) : backend.idleTtlSeconds;
        if (own <= behind) continue;
        yield `an idle session ends after ${own} s, but after ${behind} s at ${backend.resource.title}, its backend ${name}: write at most ${behind} s here, or at least ${own} s there`;
      }
    }
  },
});

/** What a plan is computed with holds for the configuration, too. */
function idleTtlSeconds({ planInputs }: Workload): number {
  return planInputs.idleTtlSeconds ?? INPUTS.idleTtlSeconds.default;
}
