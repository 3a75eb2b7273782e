import { INPUTS } from "@mcp-fleet/contract/capacity";
import { gatewayStack, proxyStack } from "../examples/gateway.ts";
import { policy } from "../policy.ts";
import type { Fleet } from "../stack/fleet.ts";
import { ToolHiveServer } from "../stack/toolhive-server.ts";
import type { Workload } from "../stack/workload.ts";
import { backendsCalledBy } from "./called-backend.ts";

export const ttlOrder = policy<Workload | ToolHiveServer>({
  name: "session-ttl-order",
  level: "mandatory",
  rule: "The idle TTL of a gateway is at most that of the proxies and gateways that it calls.",
  prevents:
    "A client returns after a pause and finds its session, but the session behind it has expired: the server's state is lost, and the call fails",
  source: "The defaults are 30 minutes at gateways and 2 hours at proxies, ours and ToolHive's",
  remediation:
    "Lower session.idleTtl of the gateway, or raise proxy.session.idleTtl of the server.",
  examples: {
    passes: [...gatewayStack(), ...proxyStack()],
    fails: [...gatewayStack({ idleTtlSeconds: 10_800 }), ...proxyStack()],
    says: "an idle session expires after 10800 s, but after 7200 s at Deployment github-proxy",
  },
  subjects: ({ processes, toolHiveServers }) => [
    ...processes,
    ...toolHiveServers.filter(({ kind }) => kind === "VirtualMCPServer"),
  ],
  *judge(process, fleet) {
    if (process instanceof ToolHiveServer) {
      yield* toolHiveFaults(process, fleet);
      return;
    }
    for (const { name, workloads, toolHiveServer } of backendsCalledBy(process, fleet)) {
      const called = [...workloads.filter(({ isProcess }) => isProcess), toolHiveServer];
      for (const backend of called.filter((one) => one !== undefined)) {
        const own = idleTtlSeconds(process);
        const behind = "role" in backend ? idleTtlSeconds(backend) : backend.idleTtlSeconds;
        if (own <= behind) continue;
        yield `an idle session expires after ${own} s, but after ${behind} s at ${backend.resource.title}, its backend ${name}; set at most ${behind} s here, or at least ${own} s there`;
      }
    }
  },
});

/** The TTL of ToolHive's gateways cannot be set, so that of the processes behind has to follow. */
function* toolHiveFaults(gateway: ToolHiveServer, fleet: Fleet): Iterable<string> {
  const own = gateway.idleTtlSeconds;
  for (const { name, host } of gateway.backendHosts(fleet.ofKind("MCPServerEntry"))) {
    const { service } = fleet.serviceAt(host, gateway.resource.namespace) ?? {};
    const called = service === undefined ? [] : fleet.workloadsBehind(service);
    for (const backend of called.filter(({ isProcess }) => isProcess)) {
      const behind = idleTtlSeconds(backend);
      if (own <= behind) continue;
      yield `an idle session expires after ${own} s, which cannot be set, but after ${behind} s at ${backend.resource.title}, its backend ${name}; set at least ${own} s there`;
    }
  }
}

/** The inputs of the plan are also those of the configuration. */
function idleTtlSeconds({ planInputs }: Workload): number {
  return planInputs.idleTtlSeconds ?? INPUTS.idleTtlSeconds.default;
}
