import type { Role } from "@mcp-fleet/contract/settings";
import { shortfalls } from "../../testkit/clients/conformance-shortfalls.ts";
import { runConformance, type ScenarioCounts } from "../../testkit/clients/conformance-suite.ts";
import { Fleet } from "../../testkit/processes/fleet.ts";
import { startConformanceServer } from "../../testkit/servers/conformance/server.ts";
import { countFrom } from "../environment.ts";
import type { Findings, Row } from "../part.ts";

/** Processes of one role: a layer between the suite and the server. */
interface Layer {
  readonly role: Role;
  readonly replicas: number;
  /** Sessions that each keeps in memory. Default: as many as there are. */
  readonly cacheEntries?: number;
  /** A process is killed and started again before every so many sessions. Default: none is. */
  readonly sessionsPerKill?: number;
}

const ONE = { replicas: 1 };
const IN_TURN = { replicas: 3 };

/** From the server outwards: the last layer is what the suite calls. */
const TOPOLOGIES: readonly (readonly Layer[])[] = [
  [{ role: "gateway", ...ONE }],
  [{ role: "gateway", ...IN_TURN }],
  [{ role: "gateway", ...IN_TURN, cacheEntries: 1 }],
  [{ role: "gateway", ...IN_TURN, sessionsPerKill: 5 }],
  [{ role: "gateway", ...IN_TURN, cacheEntries: 1, sessionsPerKill: 5 }],
  [{ role: "proxy", ...ONE }],
  [{ role: "proxy", ...IN_TURN, cacheEntries: 1 }],
  [{ role: "proxy", ...IN_TURN, sessionsPerKill: 5 }],
  [
    { role: "proxy", ...IN_TURN },
    { role: "gateway", ...IN_TURN },
  ],
  [
    { role: "proxy", ...IN_TURN, cacheEntries: 1 },
    { role: "gateway", ...IN_TURN, cacheEntries: 1 },
  ],
  [
    { role: "proxy", ...IN_TURN, sessionsPerKill: 7 },
    { role: "gateway", ...IN_TURN, sessionsPerKill: 5 },
  ],
];

/** Layers that run, and how often one of their processes was killed. */
interface Running {
  readonly fleets: readonly Fleet[];
  readonly url: string;
  readonly kills: () => number;
  close(): Promise<void>;
}

export async function run(say: (text: string) => void): Promise<Findings> {
  const rounds = countFrom("ROUNDS", 1);
  const fixture = await startConformanceServer();
  try {
    const direct = await runConformance(fixture.url);
    say(`directly: ${rightIn(direct)} right checks in ${direct.size} scenarios`);
    const rows: Row[] = [];
    for (const layers of TOPOLOGIES) {
      for (let round = 1; round <= rounds; round += 1) {
        const row = await proved(layers, fixture.url, direct);
        rows.push(row);
        say(row.cells.join(", "));
      }
    }
    return {
      setup: `the suite of 2025-11-25, ${rightIn(direct)} right checks in ${direct.size} scenarios directly; one scenario that needs an event log is not compared`,
      columns: ["From client to server", "Right checks", "Kills", "Worse than directly"],
      rows,
    };
  } finally {
    await fixture.close();
  }
}

async function proved(
  layers: readonly Layer[],
  serverUrl: string,
  direct: ReadonlyMap<string, ScenarioCounts>,
): Promise<Row> {
  const running = await started(layers, serverUrl);
  try {
    const through = await runConformance(running.url);
    const worse = shortfalls(direct, through);
    const isUsed = running.fleets.every(({ processes, front }) =>
      processes.every(({ url }) => (front.answered.get(url) ?? 0) > 0),
    );
    const which = worse.map(({ scenario, gateway }) => `${scenario}: ${gateway}`);
    if (!isUsed) which.push("a process that answered nothing");
    return {
      cells: [
        layers.toReversed().map(titleOf).join(", then "),
        String(rightIn(through)),
        String(running.kills()),
        which.join("; ") || "0 scenarios",
      ],
      holds: worse.length === 0 && isUsed,
    };
  } finally {
    await running.close();
  }
}

async function started(layers: readonly Layer[], serverUrl: string): Promise<Running> {
  const fleets: Fleet[] = [];
  const killers: Killer[] = [];
  const close = async () => {
    for (const killer of killers) await killer.settled;
    for (const fleet of fleets.toReversed()) await fleet.close();
  };
  try {
    let url = serverUrl;
    for (const { role, replicas, cacheEntries, sessionsPerKill } of layers) {
      const killer = new Killer(sessionsPerKill);
      const backend = role === "proxy" ? { urls: [url], stateful: true } : { url };
      // Between a gateway and what is before the server, each session has a stream of its own.
      const listens = url === serverUrl ? {} : { notifications: "session" };
      const fleet = await Fleet.start({
        role,
        replicas,
        configuration: {
          name: role,
          // No prefix: the suite calls tools and prompts by their names.
          aggregation: { conflictResolutionConfig: { prefixFormat: "" } },
          backends: [{ name: "fixture", ...backend, ...listens }],
          session: cacheEntries === undefined ? {} : { cacheEntries },
        },
        before: ({ method, headers }) =>
          killer.sees(method === "POST" && headers["mcp-session-id"] === undefined),
      });
      killer.fleet = fleet;
      fleets.push(fleet);
      killers.push(killer);
      url = fleet.front.url;
    }
    const kills = () => killers.reduce((sum, killer) => sum + killer.kills, 0);
    return { fleets, url, kills, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Kills the processes of a fleet in turn, each before a session is opened. */
class Killer {
  fleet: Fleet | undefined;
  kills = 0;
  /** The last one that was killed is back. */
  settled = Promise.resolve();
  readonly #sessionsPerKill: number;
  #sessions = 0;

  constructor(sessionsPerKill = Number.POSITIVE_INFINITY) {
    this.#sessionsPerKill = sessionsPerKill;
  }

  async sees(opens: boolean): Promise<void> {
    if (!opens) return;
    this.#sessions += 1;
    if (this.#sessions % this.#sessionsPerKill !== 0) return;
    await this.settled;
    const processes = this.fleet?.processes ?? [];
    const victim = processes[this.kills % processes.length];
    this.kills += 1;
    await victim?.kill();
    this.settled = victim?.restart() ?? this.settled;
  }
}

function titleOf({ role, replicas, cacheEntries, sessionsPerKill }: Layer): string {
  const roles = role === "proxy" ? "proxies" : "gateways";
  const count = replicas === 1 ? `1 ${role}` : `${replicas} ${roles} in turn`;
  const cache = cacheEntries === undefined ? "" : ` that cache ${cacheEntries} session`;
  const kills = sessionsPerKill === undefined ? "" : `, one killed per ${sessionsPerKill} sessions`;
  return `${count}${cache}${kills}`;
}

function rightIn(counts: ReadonlyMap<string, ScenarioCounts>): number {
  return [...counts.values()].reduce((sum, { success }) => sum + success, 0);
}
