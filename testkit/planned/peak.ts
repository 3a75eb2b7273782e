import { join } from "node:path";
import { setInterval } from "node:timers";
import { setTimeout as delay } from "node:timers/promises";

import { type Configuration, encode } from "@mcp-fleet/contract/settings";
import { ClientPool } from "../clients/client-pool.ts";
import { MeasuredProcess } from "../processes/measured-process.ts";
import { type Cell, type CellPlan, planOf } from "./cell.ts";
import { Clients } from "./clients.ts";
import { type Comparison, compared } from "./comparison.ts";
import { RELEASE } from "./holding-backend.ts";
import { PlannedStore } from "./planned-store.ts";

const ROOT = join(import.meta.dirname, "../..");
const MEBIBYTE = 2 ** 20;

/** How often descriptors are counted, and the backend asked whether all calls have reached it. */
const SAMPLE_MS = 100;

/** Calls at full speed: enough for the heap to have grown to what it comes to. */
export const HURRIED_CALLS = 6_000;

/** What one load takes at its peak, beside what its plan says. */
export interface Peak {
  readonly cell: Cell;
  readonly descriptors: Comparison;
  readonly memory: Comparison;
  readonly store: Comparison;
}

/**
 * Brings the planned load to one gateway under the limits of its plan: sessions that have ended, all that are there at
 * a time, each with every backend opened, a connection and a stream; then so many calls at full speed, and last as
 * many at once as are planned, which the backends hold until the descriptors are counted.
 */
export async function measurePeak(cell: Cell, hurriedCalls = HURRIED_CALLS): Promise<Peak> {
  const planned = planOf(cell);
  const { inputs, endedSessions } = planned;
  const store = await PlannedStore.start();
  const backend = await MeasuredProcess.start([join(import.meta.dirname, "holding-backend.ts")]);
  const gateway = await startGateway(planned, backend, store);
  const clients = new Clients(gateway.url, {
    clientBytes: inputs.clientBytes,
    concurrentCalls: inputs.concurrentCalls,
    tools: backendNames(cell).map((name) => `${name}_echo`),
  });
  const descriptors = new Highest(() => gateway.descriptors);
  try {
    await clients.open(endedSessions);
    await clients.end();
    await clients.open(cell.sessions);
    await clients.listen();
    await clients.hurry(hurriedCalls);
    await clients.touch();
    await whileHeld(clients, backend, () => descriptors.sample());
    return {
      cell,
      descriptors: compared(planned.gateway.requiredNofile, descriptors.value),
      memory: compared(planned.gateway.memory, gateway.peakRssBytes),
      store: compared(planned.store.memory, await store.peakBytes()),
    };
  } finally {
    descriptors.stop();
    await clients.close();
    await gateway.stop();
    await backend.stop();
    await store.stop();
  }
}

/** As long as `recordBackendBytes` takes them to be. */
function backendNames({ backends }: Cell): string[] {
  return Array.from({ length: backends }, (_, index) => `server-${index}`.padEnd(20, "x"));
}

/** All backends are one process, at which each has sessions and connections of its own. */
function startGateway(
  { inputs, gateway }: CellPlan,
  { url }: MeasuredProcess,
  store: PlannedStore,
): Promise<MeasuredProcess> {
  const { sessions, cacheEntries, upstreamConnections, views, clientBytes } = inputs;
  const { heldBytes, heldBodyBytes } = inputs;
  const configuration: Configuration = {
    port: 0,
    adminPort: 0,
    backends: backendNames(inputs).map((name) => ({ name, url })),
    session: { maxSessions: sessions, cacheEntries },
    limits: {
      upstreamConnections,
      views,
      clientBytes,
      heldBytes,
      heldBodyBytes,
      bodyBytes: heldBodyBytes / 2,
    },
    sessionStorage: store.settings,
    nofile: { mode: "enforce" },
  };
  const heapMebibytes = gateway.heap.value / MEBIBYTE;
  const environment = {
    ...encode(configuration),
    NODE_OPTIONS: `--max-old-space-size=${heapMebibytes}`,
  };
  const args = [join(ROOT, "runtime/cli/main.ts"), "gateway"];
  return MeasuredProcess.start(args, environment, gateway.requiredNofile.value);
}

/** Does something while all planned calls wait at the backend. */
async function whileHeld(
  clients: Clients,
  { url }: MeasuredProcess,
  work: () => void,
): Promise<void> {
  const callsBefore = await callsAt(url);
  const held = clients.hold();
  // One that fails says so before all are there.
  const failed = held.then(() => Promise.reject(new Error("a held call was answered")));
  const allThere = async () => {
    while ((await callsAt(url)) < callsBefore + clients.concurrentCalls) await delay(SAMPLE_MS);
  };
  await Promise.race([allThere(), failed]);
  work();
  const pool = new ClientPool(url, 1);
  await (await pool.open()).call("echo", { text: RELEASE });
  await Promise.all([held, pool.close()]);
  failed.catch(() => {});
}

async function callsAt(url: string): Promise<number> {
  const response = await fetch(new URL("/counts", url), { headers: { connection: "close" } });
  const { requests }: { requests: Readonly<Record<string, number>> } = JSON.parse(
    await response.text(),
  );
  return requests["tools/call"] ?? 0;
}

/** The highest of many readings. */
class Highest {
  value = 0;
  readonly #read: () => number;
  readonly #timer: NodeJS.Timeout;

  constructor(read: () => number) {
    this.#read = read;
    this.#timer = setInterval(() => this.sample(), SAMPLE_MS);
  }

  sample(): void {
    this.value = Math.max(this.value, this.#read());
  }

  stop(): void {
    clearInterval(this.#timer);
  }
}
