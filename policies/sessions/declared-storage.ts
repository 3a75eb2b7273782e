import { gatewayStack } from "../examples/gateway.ts";
import { redisStack } from "../examples/redis.ts";
import { policy } from "../policy.ts";
import type { Fleet } from "../stack/fleet.ts";
import type { Resource } from "../stack/resource.ts";
import { SessionHolder } from "./session-holder.ts";
import type { StoreAddress } from "./store-address.ts";

const FIX = "use the address of a Redis of the stack, or add it to the setting externalStores";

export const declaredStorage = policy({
  name: "session-storage-declared",
  level: "mandatory",
  rule: "Sessions are stored in a Redis of the stack, or in one that is declared as external.",
  prevents:
    "With a typo in the address, no pod becomes ready; or the Redis of another team fills up and evicts its keys",
  source: "A pod resolves the address when it starts; neither a preview nor an operator checks it",
  remediation:
    "Use the connection of a RedisSentinel of the stack, or declare the Redis in externalStores.",
  settings: {
    externalStores: {
      type: "list",
      default: [],
      description:
        "Stores outside the stack: a host, which allows all of its ports, host:port, or the name of a store whose address is known only after the update",
    },
  },
  examples: {
    passes: [...gatewayStack(), ...redisStack()],
    fails: gatewayStack(),
    says: "sessions-sentinel-0.mcp.svc:26379 is not a Service of this stack",
  },
  subjects: SessionHolder.allOf,
  *judge(holder, fleet, { externalStores }) {
    if (!holder.usesStore) return;
    if (holder.storeName !== undefined) {
      if (externalStores.includes(holder.storeName)) return;
      yield `its store ${holder.storeName} is not in the setting externalStores; add its name there`;
      return;
    }
    const { addresses } = holder;
    if (addresses.length === 0) yield `its session store has no address; ${FIX}`;
    for (const address of addresses) {
      if (address.isOneOf(externalStores)) continue;
      const fault = faultOf(address, fleet);
      if (fault !== undefined) yield `${address.text} ${fault}; ${FIX}`;
    }
  },
});

/** The fault of an address that is not declared as external; undefined where it leads to a Redis of the stack. */
function faultOf(address: StoreAddress, fleet: Fleet): string | undefined {
  const { service } = address.serviceIn(fleet) ?? {};
  if (service === undefined) return "is not a Service of this stack";
  const ports = portsOf(service);
  if (address.port !== undefined && ports.length > 0 && !ports.includes(address.port)) {
    return `is not a port of ${service.title}, which has only ${ports.join(" and ")}`;
  }
  if (fleet.podsBehind(service).length === 0) {
    return `is ${service.title}, which selects no pods of this stack`;
  }
  const other = fleet
    .workloadsBehind(service)
    .find(({ role }) => role !== "redis" && role !== "sentinel");
  return other && `is ${service.title}, which selects pods of the role ${other.role}`;
}

/** The ports of a Service; none for a headless one, which exposes every port of its pods. */
function portsOf({ fields }: Resource): readonly number[] {
  if (fields.at("spec.clusterIP").text() === "None") return [];
  const ports = fields.at("spec.ports").items();
  return ports.flatMap((port) => port.at("port").number() ?? []);
}
