import { setTimeout as delay } from "node:timers/promises";
import type { OddRow } from "./odd-server.ts";

/** How far a client gets with a server: `works`, or at what it fails. */
export type Outcome = "works" | "fails to connect" | "fails to list" | "fails to call";

export interface Found {
  readonly outcome: Outcome;
  /** What the client said of it. */
  readonly reason: string;
}

/** One thing that a client is to do: open a session, list certain tools, call one of them. */
export interface Target {
  readonly row: string;
  readonly url: string;
  /** What stands before the tools' names. */
  readonly prefix: string;
  readonly tools: readonly string[];
  readonly toolCount: number;
  /** How long each of its steps may take. */
  readonly patience: Patience;
}

/** Milliseconds for each step of a client. */
export type Patience = Readonly<Record<Step, number>>;

export type Step = "connect" | "list" | "call";

/** Bounds a hang on a machine that is busy with something else; it measures nothing. */
export const LONG_MS = 150_000;

/** Where nobody knows what to expect. */
const UNKNOWN_MS = 45_000;

/** Where no answer is what is expected. */
const SHORT_MS = 3_000;

/** The step at which no answer is expected is not waited for as long as the others. */
export function patienceFor(expected: Outcome | undefined): Patience {
  const longest = expected === undefined ? UNKNOWN_MS : LONG_MS;
  const of = (step: Step) => (expected === `fails to ${step}` ? SHORT_MS : longest);
  return { connect: of("connect"), list: of("list"), call: of("call") };
}

export interface Listed {
  readonly tools: readonly { readonly name: string }[];
  readonly nextCursor?: string | undefined;
}

/** A connected client of an SDK. */
export interface OddClient {
  list(cursor: string | undefined): Promise<Listed>;
  /** The first text of the result. */
  call(name: string, text: string): Promise<string>;
  close(): Promise<void>;
}

/** More pages than any row has. */
const MOST_PAGES = 200;
export const LIST_AGAIN_MS = 500;

/** So often a list may fail. */
const LIST_FAILURES = 3;

export function targetOf(row: OddRow, url: string, patience: Patience): Target {
  const tools = row.tools ?? (row.toolCount === undefined ? ["echo", "add"] : ["echo"]);
  const toolCount = row.toolCount ?? tools.length;
  return { row: row.name, url, prefix: "", tools, toolCount, patience };
}

/** How far a client gets. A list that lacks something is asked again while there is time, one that fails a few times. */
export async function probe(target: Target, open: () => Promise<OddClient>): Promise<Found> {
  const { patience } = target;
  let outcome: Outcome = "fails to connect";
  let client: OddClient | undefined;
  try {
    client = await within(patience.connect, open());
    outcome = "fails to list";
    await within(patience.list, listAll(target, client));
    return await callOf(target, client);
  } catch (error) {
    return { outcome, reason: String(error).slice(0, 200) };
  } finally {
    // A server that does not let go of its session is no matter of the call.
    void client?.close().catch(() => {});
  }
}

/** What comes of the call alone. */
export async function callOf({ prefix, patience }: Target, client: OddClient): Promise<Found> {
  try {
    const said = await within(patience.call, client.call(`${prefix}echo`, "hello"));
    if (said === "hello") return { outcome: "works", reason: "" };
    return { outcome: "fails to call", reason: `it says ${said.slice(0, 100)}` };
  } catch (error) {
    return { outcome: "fails to call", reason: String(error).slice(0, 200) };
  }
}

async function listAll(target: Target, client: OddClient): Promise<void> {
  const endMs = performance.now() + target.patience.list - LIST_AGAIN_MS;
  for (let failures = 0; ; ) {
    const listed = await allNames(client).catch((error: unknown) => String(error));
    if (typeof listed === "string") failures += 1;
    else if (hasAll(target, listed)) return;
    if (failures === LIST_FAILURES || performance.now() > endMs) {
      throw new Error(
        typeof listed === "string" ? listed : `only ${listed.slice(0, 5)} are listed`,
      );
    }
    await delay(LIST_AGAIN_MS);
  }
}

/** Whether these names are all that the target asks for. */
export function hasAll({ tools, toolCount, prefix }: Target, listed: readonly string[]): boolean {
  const names = new Set(listed.filter((name) => name.startsWith(prefix)));
  return names.size >= toolCount && tools.every((name) => names.has(`${prefix}${name}`));
}

/** All names, as long as the cursor is one that was not seen. */
export async function allNames(client: OddClient): Promise<string[]> {
  const names: string[] = [];
  const seen = new Set<string>();
  let cursor: string | undefined;
  for (let page = 0; page < MOST_PAGES; page += 1) {
    const { tools, nextCursor } = await client.list(cursor);
    names.push(...tools.map(({ name }) => name));
    if (!nextCursor || seen.has(nextCursor)) break;
    seen.add(nextCursor);
    cursor = nextCursor;
  }
  return names;
}

async function within<Value>(milliseconds: number, work: Promise<Value>): Promise<Value> {
  const stop = new AbortController();
  const late = delay(milliseconds, undefined, { signal: stop.signal }).then(() => {
    throw new Error("no answer in time");
  });
  late.catch(() => {});
  try {
    return await Promise.race([work, late]);
  } finally {
    stop.abort();
    work.catch(() => {});
  }
}
