import { PROXY_KEYS } from "@mcp-fleet/contract/settings";
import { told } from "../examples/edit.ts";
import { gatewayStack, proxyStack } from "../examples/gateway.ts";
import { policy } from "../policy.ts";
import type { Fleet } from "../stack/fleet.ts";
import { Unjudgeable } from "../stack/unjudgeable.ts";
import { SessionHolder } from "./session-holder.ts";

const PASSES = [...gatewayStack(), ...proxyStack()];

export const keyPrefix = policy({
  name: "key-prefixes-apart",
  level: "mandatory",
  rule: "Of two that keep sessions in one store, the keys of neither begin like those of the other, and each prefix ends with a colon.",
  prevents:
    "A session id of one gateway opens a session of another, with its user's rights, and a drain of one moves sessions of both",
  source:
    "ToolHive ends at its start with 'key prefix must end with : to avoid key collisions', gives all servers the same default, and compares no two",
  remediation: "Leave keyPrefix out of components, and write one for each of the others.",
  examples: {
    passes: PASSES,
    fails: told(PASSES, "Deployment github-proxy", { keyPrefix: "mcp-fleet:eng:github:" }),
    says: "keys begin with mcp-fleet:eng:, those of Deployment github-proxy in the same store with mcp-fleet:eng:github:",
  },
  subjects: SessionHolder.allOf,
  *judge(holder, fleet) {
    if (!holder.usesStore) return;
    const { keyPrefix: own } = holder;
    if (!own.endsWith(":")) yield `the key prefix ${own} has no colon at its end: write ${own}:`;
    const places = placesOf(holder, fleet);
    for (const other of SessionHolder.allOf(fleet)) {
      if (other.resource === holder.resource) continue;
      if (!collides(holder, other, places, fleet)) continue;
      yield `its keys begin with ${own}, those of ${other.resource.title} in the same store with ${other.keyPrefix}: write a keyPrefix that is not the beginning of another one`;
    }
  },
});

/** The addresses of a store, each with the database. */
function placesOf({ addresses, database }: SessionHolder, fleet: Fleet): ReadonlySet<string> {
  return new Set(addresses.map((address) => `${address.canonical(fleet)}/${database}`));
}

/** Whether another one's keys may be its own. One that cannot be read is a violation of its own. */
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
  // No key of a gateway of ours goes on like those of proxies: they may share a prefix.
  const rest = long.keyPrefix.slice(short.keyPrefix.length);
  return rest.startsWith(PROXY_KEYS) && !short.isToolHive && !long.isToolHive;
}
