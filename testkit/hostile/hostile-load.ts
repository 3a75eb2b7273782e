import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { plan } from "@mcp-fleet/contract/capacity";
import { type Configuration, encode } from "@mcp-fleet/contract/settings";
import { ClientPool } from "../clients/client-pool.ts";
import { lastMessage, type RawClient } from "../clients/raw-client.ts";
import { MeasuredProcess } from "../processes/measured-process.ts";
import { ABUSES } from "./abuses.ts";
import { Attacker } from "./attacker.ts";

const ROOT = join(import.meta.dirname, "../..");
const MEBIBYTE = 2 ** 20;

/** How often probes come: oftener than a kubelet's. */
const PROBE_MS = 250;

export interface HostileLoad {
  /** Honest sessions, which are open before the abuse begins. */
  readonly sessions: number;
  /** Of each of them, one after the other. */
  readonly callsPerSession: number;
  /** What the gateway is planned for: the sessions of those that mean harm have room in it, up to this. */
  readonly plannedSessions: number;
}

export interface HostileOutcome {
  /** How often each kind of abuse was begun. */
  readonly attempts: Readonly<Record<string, number>>;
  readonly answered: number;
  /** Honest calls that were refused, by the name of the error. */
  readonly refused: Readonly<Record<string, number>>;
  readonly probes: number;
  /** Probes that got another status than 200, or none. */
  readonly failedProbes: readonly string[];
  readonly longestProbeMs: number;
  readonly peakRssBytes: number;
  readonly plannedBytes: number;
  /** Lines of the metrics that say that the gateway itself failed. */
  readonly defects: readonly string[];
}

/** Honest clients call while every kind of abuse goes on, at a gateway that has the memory and open files of its plan. */
export async function hostileLoad(load: HostileLoad): Promise<HostileOutcome> {
  const { gateways } = plan({
    sessions: load.plannedSessions,
    backends: 1,
    store: "memory",
    spareReplicas: 0,
  });
  const backend = await MeasuredProcess.start([join(import.meta.dirname, "sized-backend.ts")]);
  const configuration: Configuration = {
    port: 0,
    adminPort: 0,
    backends: [{ name: "a", url: backend.url }],
    session: { maxSessions: load.plannedSessions },
  };
  const gateway = await MeasuredProcess.start(
    [join(ROOT, "runtime/cli/main.ts"), "gateway"],
    {
      ...encode(configuration),
      NODE_OPTIONS: `--max-old-space-size=${gateways.heap.value / MEBIBYTE}`,
    },
    gateways.requiredNofile.value,
  );
  const stop = new AbortController();
  const target = { url: gateway.url, tool: "a_sized" };
  const attackers = [...ABUSES].map(([kind, abuse]) => {
    const attacker = new Attacker(target, stop.signal);
    return { kind, abuse, attacker };
  });
  const pool = new ClientPool(gateway.url, load.sessions);
  try {
    const honest = await Promise.all(Array.from({ length: load.sessions }, () => pool.open()));
    const attacks = attackers.map(({ abuse, attacker }) => abuse(attacker));
    const probing = probe(String(gateway.adminUrl), stop.signal);
    const outcomes = await Promise.all(
      honest.map((client) => callsOf(client, target.tool, load.callsPerSession)),
    );
    stop.abort();
    await Promise.all(attacks);
    const errors = outcomes.flat().filter((error) => error !== undefined);
    const metrics = await fetch(`${gateway.adminUrl}/metrics`);
    const lines = (await metrics.text()).split("\n");
    return {
      attempts: Object.fromEntries(
        attackers.map(({ kind, attacker }) => [kind, attacker.attempts]),
      ),
      answered: outcomes.flat().length - errors.length,
      refused: tallied(errors),
      ...(await probing),
      peakRssBytes: gateway.peakRssBytes,
      plannedBytes: gateways.memory.value,
      defects: lines.filter((line) => /outcome="INTERNAL"|_defects_total [1-9]/.test(line)),
    };
  } finally {
    stop.abort();
    await Promise.all(attackers.map(({ attacker }) => attacker.close()));
    await pool.close();
    await gateway.stop();
    await backend.stop();
  }
}

/** What each call failed with, by name; undefined: it was answered. */
async function callsOf(client: RawClient, tool: string, calls: number) {
  const outcomes: (string | undefined)[] = [];
  for (let call = 0; call < calls; call += 1) {
    const answer = await client.call(tool, { megabytes: 0 });
    const message = lastMessage(answer);
    const name = /"error":"([A-Z_]+)"/.exec(message)?.[1] ?? `HTTP ${answer.status}: ${message}`;
    outcomes.push(message.includes('"result"') ? undefined : name);
  }
  return outcomes;
}

/** Asks both probes until it is told to stop. */
async function probe(adminUrl: string, stop: AbortSignal) {
  const failedProbes: string[] = [];
  let [probes, longestProbeMs] = [0, 0];
  while (!stop.aborted) {
    for (const path of ["/livez", "/readyz"]) {
      const startedMs = performance.now();
      const status = await fetch(adminUrl + path).then(
        (answer) => answer.status,
        (error: unknown) => String(error),
      );
      probes += 1;
      longestProbeMs = Math.max(longestProbeMs, performance.now() - startedMs);
      if (status !== 200) failedProbes.push(`${path}: ${status}`);
    }
    await delay(PROBE_MS);
  }
  return { probes, failedProbes, longestProbeMs };
}

function tallied(names: readonly string[]): Record<string, number> {
  const tally: Record<string, number> = {};
  for (const name of names) tally[name] = (tally[name] ?? 0) + 1;
  return tally;
}
