import { setTimeout as delay } from "node:timers/promises";
import type { Difference } from "../../tools/docs/toolhive-differences.ts";
import { FleetProcess } from "../processes/fleet-process.ts";
import { CASES } from "./cases.ts";
import { changesThrough } from "./changes.ts";
import { ComparedServers } from "./compared-servers.ts";
import { Observer, type Seen } from "./seen.ts";
import { startVmcp } from "./vmcp.ts";

/** What was compared, and what differs. */
export interface Comparison {
  /** Values that were compared, the leaves of all that clients saw. */
  readonly compared: number;
  readonly differences: readonly Difference[];
}

const POLL_MS = 50;

/** Where the server's additions and removals are compared. */
const CHANGES = "a tool, a prompt and a resource that come and go";

export const COMPARED: readonly string[] = [...Object.keys(CASES), CHANGES];

interface Gateway {
  readonly url: string;
  stop(): Promise<void>;
}

/** Both gateways with one configuration, before the same servers. */
export async function compare(name: string): Promise<Comparison> {
  const servers = await ComparedServers.start();
  const configuration = {
    name: "compared",
    groupRef: "compared",
    incomingAuth: { type: "anonymous" },
    outgoingAuth: { source: "inline", default: { type: "unauthenticated" } },
    aggregation: CASES[name === CHANGES ? "prefix {workload}_" : name],
    backends: servers.backends,
  };
  const theirs = await started(() => startVmcp(configuration));
  const ours = await started(() => startOurs(configuration));
  try {
    const starts = [{ starts: theirs !== undefined }, { starts: ours !== undefined }] as const;
    if (theirs === undefined || ours === undefined) return compared(name, ...starts);
    const urls = [theirs.url, ours.url] as const;
    const [before = {}, here = {}] =
      name === CHANGES ? await changesThrough(servers, "a", urls) : await seenThrough(urls);
    return compared(name, before, here);
  } finally {
    await theirs?.stop();
    await ours?.stop();
    await servers.stop();
  }
}

/** Names that conflict are known, and refused, once the servers have been asked. */
async function startOurs(configuration: object): Promise<Gateway> {
  const gateway = await FleetProcess.start(configuration);
  const isReady = async () => (await fetch(new URL("/readyz", gateway.adminUrl))).ok;
  while (gateway.isRunning && !(await isReady().catch(() => false))) await delay(POLL_MS);
  if (gateway.isRunning) return gateway;
  await gateway.stop();
  throw new Error("the gateway has ended");
}

/** Undefined where it refuses its configuration. */
async function started<T extends Gateway>(start: () => Promise<T>): Promise<T | undefined> {
  try {
    return await start();
  } catch (error) {
    if (error instanceof Error && /\bhas ended\b/.test(error.message)) return undefined;
    throw error;
  }
}

async function seenThrough(urls: readonly string[]): Promise<readonly Seen[]> {
  const observers = await Promise.all(urls.map((url) => Observer.open(url)));
  const listed = await Promise.all(
    observers.map(async (one) => [await one.tools(), await one.prompts()] as const),
  );
  const tools = listed.flatMap(([named]) => Object.keys(named)).toSorted();
  const prompts = listed.flatMap(([, named]) => Object.keys(named)).toSorted();
  return await Promise.all(observers.map((one) => one.everything(tools, prompts)));
}

function compared(name: string, theirs: unknown, ours: unknown): Comparison {
  const differences: Difference[] = [];
  const leaves = (one: unknown, other: unknown, path: readonly string[]): number => {
    if (isBranch(one) && isBranch(other)) {
      const keys = [...new Set([...Object.keys(one), ...Object.keys(other)])];
      return keys.reduce((sum, key) => sum + leaves(one[key], other[key], [...path, key]), 0);
    }
    if (one !== other) differences.push({ path: path.join(" › "), theirs: one, ours: other });
    return 1;
  };
  return { compared: leaves(theirs, ours, [name]), differences };
}

/** Lists and objects, neither of them empty: those are values. */
function isBranch(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null;
}
