import { gatewayStack } from "../examples/gateway.ts";
import { redisStack } from "../examples/redis.ts";
import { policy } from "../policy.ts";
import type { Fleet } from "../stack/fleet.ts";
import type { Resource } from "../stack/resource.ts";
import { SessionHolder } from "./session-holder.ts";
import type { StoreAddress } from "./store-address.ts";

const FIX = "write the address of a Redis of the stack, or name it in the setting externalStores";

export const declaredStorage = policy({
  name: "session-storage-declared",
  level: "mandatory",
  rule: "Sessions are kept in a Redis of the stack, or in one that is declared to be elsewhere.",
  prevents:
    "After a typing error in the address no pod becomes ready, or a Redis of another team is filled and its keys evicted",
  source: "A pod looks for the address when it starts: no preview and no operator compares it",
  remediation:
    "Write the connection of a RedisSentinel of the stack, or declare the Redis in externalStores.",
  settings: {
    externalStores: {
      type: "list",
      default: [],
      about: "Stores that are not of the stack: a host for all of its ports, or host:port",
    },
  },
  examples: {
    passes: [...gatewayStack(), ...redisStack()],
    fails: gatewayStack(),
    says: "sessions-sentinel-0.mcp.svc:26379 is no Service of this stack",
  },
  subjects: SessionHolder.allOf,
  *judge(holder, fleet, { externalStores }) {
    if (!holder.usesStore) return;
    const { addresses } = holder;
    if (addresses.length === 0) yield `sessions are in a store without an address: ${FIX}`;
    for (const address of addresses) {
      if (address.isOneOf(externalStores)) continue;
      const fault = faultOf(address, fleet);
      if (fault !== undefined) yield `${address.text} ${fault}: ${FIX}`;
    }
  },
});

/** What is wrong with an address that was not declared; undefined where it leads to a Redis of the stack. */
function faultOf(address: StoreAddress, fleet: Fleet): string | undefined {
  const { service } = address.serviceIn(fleet) ?? {};
  if (service === undefined) return "is no Service of this stack";
  const ports = portsOf(service);
  if (address.port !== undefined && ports.length > 0 && !ports.includes(address.port)) {
    return `is a port that ${service.title} does not have, only ${ports.join(" and ")}`;
  }
  if (fleet.podsBehind(service).length === 0) {
    return `is ${service.title}, which leads to no pods of this stack`;
  }
  const other = fleet
    .workloadsBehind(service)
    .find(({ role }) => role !== "redis" && role !== "sentinel");
  return other && `is ${service.title}, which leads to pods of the role ${other.role}`;
}

/** The ports of a Service; a headless one leads to every port of its pods, so it has none. */
function portsOf({ fields }: Resource): readonly number[] {
  if (fields.at("spec.clusterIP").text() === "None") return [];
  const ports = fields.at("spec.ports").items();
  return ports.flatMap((port) => port.at("port").number() ?? []);
}
