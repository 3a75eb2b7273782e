import { setTimeout as delay } from "node:timers/promises";
import { inTurn } from "../clients/in-turn.ts";
import type { RunningRole } from "../processes/gateway.ts";
import { startGateway, startProxy } from "../processes/gateway.ts";
import { until } from "../processes/until.ts";
import { OddServer } from "./odd-server.ts";
import {
  allNames,
  callOf,
  type Found,
  hasAll,
  LIST_AGAIN_MS,
  LONG_MS,
  type OddClient,
  type Outcome,
  patienceFor,
  probe,
  type Target,
  targetOf,
} from "./probe.ts";
import { hasPython, probeWithPython } from "./python-client.ts";
import { ROWS } from "./rows/rows.ts";
import { openV1, openV2 } from "./typescript-clients.ts";

/** Who meets the odd servers. */
export const COLUMNS = {
  ts1: "TypeScript SDK 1.x",
  ts2: "TypeScript SDK 2.x",
  py1: "Python SDK 1.30",
  py2: "Python SDK 2.3",
  gateway: "through a gateway",
  proxy: "through a proxy",
} as const;

export type Column = keyof typeof COLUMNS;

/** Those who meet them without us. */
export const SDKS = ["ts1", "ts2", "py1", "py2"] as const satisfies readonly Column[];

/** Those that meet them through us. */
export const OURS = ["gateway", "proxy"] as const satisfies readonly Column[];

const PYTHON_2 = "mcp-2.3.0";

const PYTHON: Partial<Record<Column, string>> = { py1: "mcp-1.30.0", py2: PYTHON_2 };

/** By then a gateway lists what it ever will: it bounds a hang, and measures nothing. */
const LISTED_MS = 150_000;

/** What goes on at once, of each kind. */
const AT_ONCE = 24;

/** What a column says of a row; absent: nobody knows yet. */
export type Expected = (row: string, column: Column) => Outcome | undefined;

export const isMissing = (column: Column) => {
  const environment = PYTHON[column];
  return environment !== undefined && !hasPython(environment);
};

/**
 * How far the clients of a column get with each row. Through us, a row is asked by the TypeScript SDK 1.x, or by the
 * Python SDK 2.3 where directly only that one works; without that SDK, such rows are left out.
 */
export async function measure(column: Column, expected: Expected): Promise<Map<string, Found>> {
  const server = await OddServer.start(ROWS);
  try {
    const targets = ROWS.map((row) =>
      targetOf(row, server.url(row.name, column), patienceFor(expected(row.name, column))),
    );
    const python = PYTHON[column];
    if (python !== undefined) return await probeWithPython(python, targets);
    if (column === "ts1") return await direct(targets, openV1);
    if (column === "ts2") return await direct(targets, openV2);
    const isPythons = ({ row }: Target) =>
      expected(row, "ts1") !== "works" && expected(row, "py2") === "works";
    const through = column === "gateway" ? throughGateways : throughProxies;
    return await through(
      targets.filter((target) => !isPythons(target)),
      isMissing("py2") ? [] : targets.filter(isPythons),
    );
  } finally {
    await server.close();
  }
}

async function direct(targets: readonly Target[], open: (target: Target) => Promise<OddClient>) {
  const found = await inTurn(targets, AT_ONCE, (target) => probe(target, () => open(target)));
  return new Map(targets.map(({ row }, index) => [row, found[index] ?? NOTHING]));
}

const NOTHING: Found = { outcome: "fails to connect", reason: "" };

const pythons = (targets: readonly Target[]): Promise<ReadonlyMap<string, Found>> =>
  targets.length === 0 ? Promise.resolve(new Map()) : probeWithPython(PYTHON_2, targets);

const TIMES = {
  limits: { catalogRefresh: "3s" },
  // All of them are opened at once, on a machine that is busy with something else; some never answer.
  operational: { failureHandling: { healthCheckTimeout: "10s" } },
} as const;

/** So many rows are behind a gateway. */
const ROWS_PER_GATEWAY = 48;

/** All rows behind gateways, one after another: all at once, connections would wait for the process until they time out. */
async function throughGateways(targets: readonly Target[], inPython: readonly Target[]) {
  const found = new Map(await throughGateway([], inPython));
  for (let at = 0; at < targets.length; at += ROWS_PER_GATEWAY) {
    const some = targets.slice(at, at + ROWS_PER_GATEWAY);
    for (const [row, one] of await throughGateway(some, [])) found.set(row, one);
  }
  return found;
}

/** All of these behind one gateway, and one client of it, beside those in Python. */
async function throughGateway(
  targets: readonly Target[],
  inPython: readonly Target[],
): Promise<ReadonlyMap<string, Found>> {
  const backends = [...targets, ...inPython].map(({ row: name, url }) => ({ name, url }));
  const gateway = await startGateway({ name: "odd", backends, ...TIMES });
  try {
    const own = (target: Target) => ({ ...target, url: gateway.url, prefix: `${target.row}_` });
    const client = await openV1({ url: gateway.url, patience: patienceFor("works") });
    await until("every backend to be up or down", () => isSettled(gateway));
    const all = targets.map(own);
    const listed = await listedBy(client, all);
    const found = await inTurn(all, AT_ONCE, async (target): Promise<Found> => {
      if (listed.has(target.row)) return await callOf(target, client);
      return { outcome: "fails to list", reason: await reasonAt(gateway, target.row) };
    });
    void client.close();
    const rows = all.map(({ row }, index) => [row, found[index] ?? NOTHING] as const);
    return new Map([...rows, ...(await pythons(inPython.map(own)))]);
  } finally {
    await gateway.close();
  }
}

interface BackendStatus {
  readonly name: string;
  readonly state: string;
  readonly error?: string;
}

async function statusOf({ adminUrl }: RunningRole): Promise<readonly BackendStatus[]> {
  const status = await fetch(`${adminUrl}/status`);
  const { backends }: { backends: BackendStatus[] } = JSON.parse(await status.text());
  return backends;
}

async function isSettled(gateway: RunningRole): Promise<boolean> {
  return (await statusOf(gateway)).every(({ state }) => state !== "connecting");
}

async function reasonAt(gateway: RunningRole, row: string): Promise<string> {
  const backend = (await statusOf(gateway)).find(({ name }) => name === row);
  return `${backend?.state}: ${backend?.error}`;
}

/** The rows whose tools are listed, once those are that should be. */
async function listedBy(client: OddClient, targets: readonly Target[]): Promise<Set<string>> {
  const needed = targets.filter(({ patience }) => patience.list === LONG_MS);
  const endMs = performance.now() + LISTED_MS;
  for (;;) {
    const names = await allNames(client);
    if (needed.every((target) => hasAll(target, names)) || performance.now() > endMs) {
      return new Set(targets.filter((one) => hasAll(one, names)).map(({ row }) => row));
    }
    await delay(LIST_AGAIN_MS);
  }
}

/** Each row behind a proxy of its own. */
async function throughProxies(targets: readonly Target[], inPython: readonly Target[]) {
  const found = await inTurn(targets, AT_ONCE, async (target) => {
    const proxy = await proxyTo(target);
    try {
      const own = { ...target, url: proxy.url };
      return await probe(own, () => openV1(own));
    } finally {
      await proxy.close();
    }
  });
  const rows = targets.map(({ row }, index) => [row, found[index] ?? NOTHING] as const);
  const proxies = await Promise.all(inPython.map(proxyTo));
  try {
    const own = inPython.map((target, index) => ({ ...target, url: proxies[index]?.url ?? "" }));
    return new Map([...rows, ...(await pythons(own))]);
  } finally {
    await Promise.all(proxies.map((proxy) => proxy.close()));
  }
}

function proxyTo({ row, url }: Target): Promise<RunningRole> {
  return startProxy({ name: "odd", backends: [{ name: row, url }], ...TIMES });
}
