import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import type { ChainableCommander } from "ioredis";
import type { RedisClient } from "./redis-client.ts";
import { replyCode } from "./redis-reply.ts";

/** The operations of the store, each an atomic script of its own. */
export const OPERATIONS = [
  "create",
  "restore",
  "load",
  "touch",
  "set-log-level",
  "subscribe",
  "unsubscribe",
  "set-upstream",
  "pin",
  "pod-sessions",
  "list-pod-sessions",
  "set-draining",
  "draining",
  "lease",
  "lease-holder",
  "release",
  "has-lease",
  "take-turn",
  "turn-holder",
  "release-turn",
  "take-tokens",
  "give-back-tokens",
  "cancel",
  "lists-changed",
  "end",
  "list-expired",
  "end-expired",
  "use",
  "list-unused",
  "end-unused",
  "list-owned",
  "end-owned",
  "count",
  "probe",
  "ensure-generation",
] as const;

export type Operation = (typeof OPERATIONS)[number];

interface Script {
  readonly lua: string;
  readonly sha: string;
}

/** What lua/ holds, read once. Errors at start where a file is missing. */
const SCRIPTS: ReadonlyMap<Operation, Script> = readScripts();

/** Runs a script: by its digest, and in full where the server does not know it yet. */
export async function runScript(
  client: RedisClient,
  operation: Operation,
  keys: readonly string[],
  args: readonly (string | number)[],
): Promise<unknown> {
  const script = scriptOf(operation);
  try {
    return await client.evalsha(script.sha, keys.length, ...keys, ...args);
  } catch (error) {
    if (replyCode(error) !== "NOSCRIPT") throw error;
    return await client.eval(script.lua, keys.length, ...keys, ...args);
  }
}

/** Adds a script in full to what is sent together. */
export function addWholeScript(
  batch: ChainableCommander,
  operation: Operation,
  keys: readonly string[],
  args: readonly (string | number)[],
): void {
  batch.eval(scriptOf(operation).lua, keys.length, ...keys, ...args);
}

function scriptOf(operation: Operation): Script {
  const script = SCRIPTS.get(operation);
  if (script === undefined) throw new Error(`no script ${operation}`);
  return script;
}

function readScripts(): ReadonlyMap<Operation, Script> {
  const read = (name: string) => readFileSync(new URL(`lua/${name}.lua`, import.meta.url), "utf8");
  const prelude = read("prelude");
  return new Map(
    OPERATIONS.map((operation) => {
      const [flags, ...rest] = read(operation).split("\n");
      const lua = [flags, prelude, ...rest].join("\n");
      return [operation, { lua, sha: createHash("sha1").update(lua).digest("hex") }];
    }),
  );
}
