import { ConfigError } from "@mcp-fleet/contract";
import { type Configuration, validate } from "@mcp-fleet/contract/settings";

import { LRUCache } from "lru-cache";
import type { KubeObject } from "./kube-object.ts";
import { LeftOut } from "./left-out.ts";
import { hostKind } from "./private-host.ts";

/** A backend as a configuration writes it. */
export type BackendEntry = Configuration["backends"][number];

/** Where a backend is, as its kind says it; the object's annotations come on top. */
export type Found = Omit<BackendEntry, "name">;

/** The longest address: longer ones are in nobody's interest, and ConfigMaps are small. */
const ADDRESS_CHARACTERS = 2_048;

const TRANSPORTS: readonly string[] = ["streamable-http", "sse"];

/**
 * The entry of an object: its name, its address, and what its annotations say.
 *
 * @throws {LeftOut} for what the gateways would refuse.
 */
export function entryOf(object: KubeObject, found: Found): BackendEntry {
  const stateful = statefulOf(object);
  const transport = transportOf(object);
  const entry: BackendEntry = {
    name: object.annotation("name") ?? object.name,
    ...found,
    ...(transport && { transport }),
    ...(stateful !== undefined && { stateful }),
  };
  // The name becomes that of a file, and files whose names begin with a dot are hidden.
  if (!/^[A-Za-z0-9]/.test(entry.name))
    throw new LeftOut("its name must begin with a letter or digit");
  checkAddress(entry.url);
  const reason = reasonAgainst(entry);
  if (reason !== "") throw new LeftOut(reason);
  return entry;
}

/** Entries that were judged before, and why gateways refuse them: most are the same at the next look. */
const judged = new LRUCache<string, string>({ max: 2_000 });

/** Why gateways would refuse an entry; "" where they take it. */
function reasonAgainst(entry: BackendEntry): string {
  const key = JSON.stringify(entry);
  const known = judged.get(key);
  if (known !== undefined) return known;
  const reason = faultsIn(entry);
  judged.set(key, reason);
  return reason;
}

function faultsIn(entry: BackendEntry): string {
  try {
    validate({ backends: [entry] });
    return "";
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    const texts = error.faults.map(({ path, value, rule }) => {
      const field = path.replace(/^backends\[0\]\.?/, "") || "the backend";
      return `${field} ${rule}${value === undefined ? "" : ` and is ${value}`}`;
    });
    return texts.join("; ");
  }
}

/** The transport that its annotation, or else its kind, says. */
export function transportOf(
  object: KubeObject,
  otherwise?: string,
): "streamable-http" | "sse" | undefined {
  const text = object.annotation("transport") ?? otherwise;
  if (text === undefined) return undefined;
  if (text === "streamable-http" || text === "sse") return text;
  throw new LeftOut(`its transport must be one of ${TRANSPORTS.join(", ")} and is "${text}"`);
}

function statefulOf(object: KubeObject): boolean | undefined {
  const text = object.annotation("stateful");
  if (text === undefined) return undefined;
  if (text === "true" || text === "false") return text === "true";
  throw new LeftOut(`its annotation for stateful must be "true" or "false" and is "${text}"`);
}

function checkAddress(url: string | undefined): void {
  if (url === undefined) return;
  if (url.length > ADDRESS_CHARACTERS) {
    throw new LeftOut(`its URL must have at most ${ADDRESS_CHARACTERS} characters`);
  }
  if (URL.canParse(url) && hostKind(url) === "own") {
    throw new LeftOut(
      "its URL must not be a loopback or link-local address: that is the gateway's own pod or node",
    );
  }
}
