import { ClientPool } from "../testkit/clients/client-pool.ts";
import type { RawClient } from "../testkit/clients/raw-client.ts";
import type { MeasuredProcess } from "../testkit/processes/measured-process.ts";

/** Operations that run by the clock, or when metrics are read, whoever calls. */
const BACKGROUND: readonly string[] = [
  "take-expired",
  "count",
  "pod-sessions",
  "draining",
  "signing-key",
];

/** To each process: enough for every call in flight. */
const CONNECTIONS = 64;

const OPENED_AT_ONCE = 16;

/** One session, as many sessions as there are processes: each has the same id at another one. */
export type SpreadSession = readonly RawClient[];

/** What calls are sent to: one process, or several behind a round-robin that knows nothing of sessions. */
export class Target {
  readonly name: string;
  readonly tool: string;
  /** Those called, and those behind them. */
  readonly #processes: readonly MeasuredProcess[];
  readonly #pools: readonly ClientPool[];

  /** `behind`: what the processes called call themselves, and what counts with them. */
  constructor(
    name: string,
    tool: string,
    called: readonly MeasuredProcess[],
    behind: readonly MeasuredProcess[] = [],
  ) {
    this.name = name;
    this.tool = tool;
    this.#processes = [...called, ...behind];
    this.#pools = called.map(({ url }) => new ClientPool(url, CONNECTIONS));
  }

  /** Opens sessions, 16 at a time, each at the next process. */
  async open(count: number): Promise<SpreadSession[]> {
    const opened: SpreadSession[] = [];
    let next = 0;
    const opener = async () => {
      while (next < count) {
        const pool = this.#pools[next++ % this.#pools.length];
        const session = await pool?.open();
        if (session !== undefined) {
          opened.push(this.#pools.map((one) => one.client(session.sessionId)));
        }
      }
    };
    await Promise.all(Array.from({ length: OPENED_AT_ONCE }, opener));
    return opened;
  }

  /** CPU time that all of them used so far. */
  get cpuMs(): number {
    return this.#processes.reduce((sum, { cpuMs }) => sum + cpuMs, 0);
  }

  /** Commands that the session store was asked so far, but for those that run by the clock. */
  async storeCommands(): Promise<number> {
    const counts = this.#processes.map(async ({ adminUrl }) => {
      if (adminUrl === undefined) return 0;
      const response = await fetch(new URL("/metrics", adminUrl));
      const found = (await response.text()).matchAll(
        /^mcp_fleet_store_seconds_count\{operation="([^"]+)"\} (\d+)/gm,
      );
      return [...found].reduce(
        (sum, [, operation = "", count]) =>
          sum + (BACKGROUND.includes(operation) ? 0 : Number(count)),
        0,
      );
    });
    return (await Promise.all(counts)).reduce((sum, count) => sum + count, 0);
  }

  async close(): Promise<void> {
    await Promise.all(this.#pools.map((pool) => pool.close()));
  }
}
