import { join } from "node:path";
import { ClientPool } from "../testkit/clients/client-pool.ts";
import type { RawClient } from "../testkit/clients/raw-client.ts";
import type { MeasuredProcess } from "../testkit/processes/measured-process.ts";
import { SECONDS_PER_RUN } from "./calls.ts";
import type { Fleet } from "./fleet.ts";
import { quantile } from "./load.ts";

/** As many as one page holds. */
export const LISTED_TOOLS = 1_000;
export const TOOLS_LIST = '{"jsonrpc":"2.0","id":1,"method":"tools/list"}';

export const LIST_ROUNDS = 9;
const CONCURRENCY = 16;
const WARM_UP_LISTS = 2_000;

/** What one list costs, a figure for each round. */
export interface ListFigures {
  readonly bytes: number;
  readonly gatewayCpuMs: readonly number[];
  /** The same bytes from a server that knows nothing but them. */
  readonly bareCpuMs: readonly number[];
}

/** What is asked for lists, and who asks. */
interface Asked {
  readonly process: MeasuredProcess;
  /** Of a session each. */
  readonly clients: readonly RawClient[];
}

/** Rounds of `tools/list` at a gateway that has the list in its cache, and at a bare server of the same bytes, in turn. */
export async function measureLists(fleet: Fleet): Promise<ListFigures> {
  const backend = await fleet.script(join(import.meta.dirname, "tools-backend.ts"));
  const process = await fleet.gatewayOf(backend.url);
  const bareProcess = await fleet.script(join(import.meta.dirname, "bare-answer.ts"), process.url);
  const pools = [process, bareProcess].map(({ url }) => new ClientPool(url, CONCURRENCY));
  const [pool, barePool] = pools;
  if (pool === undefined || barePool === undefined) throw new Error("two servers are needed");
  const each = <T>(make: () => T) => Array.from({ length: CONCURRENCY }, make);
  const gateway: Asked = { process, clients: await Promise.all(each(() => pool.open())) };
  const bare: Asked = { process: bareProcess, clients: each(() => barePool.client()) };
  const [first] = bare.clients;
  const { text = "" } = (await first?.post(TOOLS_LIST)) ?? {};
  for (const asked of [gateway, bare]) await askAll(asked, text, (lists) => lists < WARM_UP_LISTS);
  const gatewayCpuMs: number[] = [];
  const bareCpuMs: number[] = [];
  for (let round = 0; round < LIST_ROUNDS; round += 1) {
    gatewayCpuMs.push(await cpuPerList(gateway, text));
    bareCpuMs.push(await cpuPerList(bare, text));
  }
  await Promise.all(pools.map((one) => one.close()));
  return { bytes: Buffer.byteLength(text), gatewayCpuMs, bareCpuMs };
}

/** The median of round by round ratios, as of calls. */
export function listRatio({ gatewayCpuMs, bareCpuMs }: ListFigures): number {
  return quantile(
    gatewayCpuMs.map((ms, round) => ms / (bareCpuMs[round] ?? Number.NaN)),
    0.5,
  );
}

async function cpuPerList(asked: Asked, expected: string): Promise<number> {
  const endsAtMs = performance.now() + SECONDS_PER_RUN * 1000;
  const before = asked.process.cpuMs;
  const lists = await askAll(asked, expected, () => performance.now() < endsAtMs);
  return (asked.process.cpuMs - before) / lists;
}

/** Asks while `goesOn`, which is told how often was asked; returns how often that was. */
async function askAll(
  { clients }: Asked,
  expected: string,
  goesOn: (lists: number) => boolean,
): Promise<number> {
  let lists = 0;
  const caller = async (client: RawClient) => {
    while (goesOn(lists)) {
      lists += 1;
      const { text } = await client.post(TOOLS_LIST);
      if (text.length !== expected.length) throw new Error(`another list: ${text.slice(0, 200)}`);
    }
  };
  await Promise.all(clients.map(caller));
  return lists;
}
