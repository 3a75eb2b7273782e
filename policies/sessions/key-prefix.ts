import { PROXY_KEYS } from "@mcp-fleet/contract/settings";
import { withFacts } from "../examples/edit.ts";
import { gatewayStack, proxyStack } from "../examples/gateway.ts";
import { policy } from "../policy.ts";
import type { Fleet } from "../stack/fleet.ts";
import { Unjudgeable } from "../stack/unjudgeable.ts";
import { SessionHolder } from "./session-holder.ts";

const PASSES = [...gatewayStack(), ...proxyStack()];

export const keyPrefix = policy({
  name: "key-prefixes-apart",
  level: "mandatory",
  rule: "Where several workloads use one store, no key prefix starts with another one's, and each ends with a colon.",
  prevents:
    "A session id of one gateway opens a session of another, with the rights of its user; and a drain of one moves the sessions of both",
  source:
    "ToolHive fails at startup with 'key prefix must end with : to avoid key collisions', gives all servers the same default, and compares no prefixes",
  remediation: "Do not set keyPrefix of components, and set a unique one for all other workloads.",
  examples: {
    passes: PASSES,
    fails: withFacts(PASSES, "Deployment github-proxy", { keyPrefix: "mcp-fleet:eng:github:" }),
    says: "its keys start with mcp-fleet:eng:, those of Deployment github-proxy in the same store with mcp-fleet:eng:github:",
  },
  subjects: SessionHolder.allOf,
  *judge(holder, fleet) {
    if (!holder.usesStore) return;
    const { keyPrefix: own } = holder;
    if (!own.endsWith(":"))
      yield `the key prefix ${own} does not end with a colon; set it to ${own}:`;
    const places = placesOf(holder, fleet);
    for (const other of SessionHolder.allOf(fleet)) {
      if (other.resource === holder.resource) continue;
      if (!collides(holder, other, places, fleet)) continue;
      yield `its keys start with ${own}, those of ${other.resource.title} in the same store with ${other.keyPrefix}; set a keyPrefix that no other one starts with`;
    }
  },
});

/** The addresses of a store, each with the database. */
function placesOf(holder: SessionHolder, fleet: Fleet): ReadonlySet<string> {
  const { storeName, database } = holder;
  if (storeName !== undefined) return new Set([`${storeName}/${database}`]);
  const { addresses } = holder;
  return new Set(addresses.map((address) => `${address.canonical(fleet)}/${database}`));
}

/** Whether the keys of another workload may collide with its own. One that cannot be read is reported separately. */
function collides(
  holder: SessionHolder,
  other: SessionHolder,
  places: ReadonlySet<string>,
  fleet: Fleet,
): boolean {
  try {
    if (!other.usesStore || areApart(holder, other)) return false;
    return [...placesOf(other, fleet)].some((place) => places.has(place));
  } catch (error) {
    if (error instanceof Unjudgeable) return false;
    throw error;
  }
}

function areApart(one: SessionHolder, other: SessionHolder): boolean {
  const [short, long] =
    one.keyPrefix.length <= other.keyPrefix.length ? [one, other] : [other, one];
  if (!long.keyPrefix.startsWith(short.keyPrefix)) return true;
  // Our gateways have no keys that start like those of proxies after the prefix, so they may share it.
  const rest = long.keyPrefix.slice(short.keyPrefix.length);
  return rest.startsWith(PROXY_KEYS) && !short.isToolHive && !long.isToolHive;
}
