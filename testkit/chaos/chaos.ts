import type { Role } from "@mcp-fleet/contract/settings";
import { givenBack, type Held, mostHeldBy } from "../clients/held.ts";
import { InspectedGateway } from "../processes/inspected-gateway.ts";
import type { RedisProcess } from "../processes/redis.ts";
import { ChaosClients } from "./chaos-clients.ts";
import { deedsOf } from "./deeds.ts";
import { Keeper } from "./keeper.ts";
import { Outages } from "./outages.ts";
import { ShakyBackend } from "./shaky-backend.ts";

export interface ChaosPlan {
  /** Of the first round; each further one has the next. */
  readonly seed: number;
  readonly role: Role;
  /** Absent: the store is the process's own. */
  readonly redis?: RedisProcess;
  readonly sessions: number;
  /** In each round. */
  readonly deeds: number;
  readonly rounds: number;
}

/** What goes on at once, at most. */
const WORKERS = 16;

/** How often an idle process is asked what it holds: long enough for each of its timers to be seen. */
const READINGS = 30;

const NAMES: Readonly<Record<Role, readonly string[]>> = { gateway: ["a", "b"], proxy: ["a"] };

/**
 * Clients that cancel, abort and disconnect at random moments, before backends that refuse, hang, forget and restart,
 * and a store that pauses. Returns the heap in bytes after each round, when the process holds as little as before
 * the first: no session, connection, descriptor or timer more.
 *
 * @throws the process has ended, or goes on holding something, with what that is; a client saw INTERNAL, or would have.
 */
export async function chaos(plan: ChaosPlan): Promise<number[]> {
  const names = NAMES[plan.role];
  const backends = await Promise.all(names.map(() => ShakyBackend.start()));
  const redis = plan.redis && {
    provider: "redis" as const,
    address: `127.0.0.1:${plan.redis.port}`,
  };
  const gateway = await InspectedGateway.start(
    {
      backends: backends.map(({ url }, index) => ({ name: names[index] ?? "", url })),
      session: { idleTtl: "4s" },
      limits: {
        callTimeout: "1s",
        callTimeoutMax: "2s",
        initializeTimeout: "1s",
        sessionStreamWait: "1s",
        sessionStreamLinger: "1s",
        queueTimeout: "1s",
        catalogRefresh: "1s",
      },
      operational: { failureHandling: { healthCheckInterval: "1s" } },
      ...(redis !== undefined && { sessionStorage: redis }),
    },
    plan.role,
  );
  const held = () => openAt(backends);
  const keeper = new Keeper(gateway.url);
  try {
    await keeper.open(prefixesOf(plan.role).map((prefix) => `${prefix}write`));
    const baseline = await mostHeldBy(gateway, held, READINGS);
    const heapBytes: number[] = [];
    for (let round = 0; round < plan.rounds; round += 1) {
      const outages = new Outages(gateway, backends, plan.redis);
      await oneRound({ ...plan, seed: plan.seed + round }, gateway, outages);
      await keeper.goOn();
      await givenBack(gateway, held, baseline);
      await checkAnswers(gateway);
      heapBytes.push((await gateway.inspect()).heapUsedBytes);
    }
    return heapBytes;
  } finally {
    keeper.leave();
    await gateway.stop();
    await Promise.all(backends.map((backend) => backend.stop()));
  }
}

function openAt(backends: readonly ShakyBackend[]): Held {
  const sockets = backends.map(({ openSockets }, index) => [`sockets of ${index}`, openSockets]);
  return Object.fromEntries(sockets);
}

function prefixesOf(role: Role): string[] {
  return role === "gateway" ? NAMES.gateway.map((name) => `${name}_`) : [""];
}

async function oneRound(
  { role, ...plan }: ChaosPlan,
  gateway: InspectedGateway,
  outages: Outages,
): Promise<void> {
  const clients = new ChaosClients(gateway.url, WORKERS);
  const queue = deedsOf({ ...plan, prefixes: prefixesOf(role) }).entries();
  const work = async () => {
    for (const [index, deed] of queue) {
      gateway.check();
      if (deed.outage !== undefined) {
        await outages.begin(deed.outage.kind, deed.outage.backend, index);
      }
      await outages.end(index);
      await clients.do(deed, index);
    }
  };
  try {
    await Promise.all(Array.from({ length: WORKERS }, work));
    await outages.end();
    await clients.end();
  } catch (error) {
    // Where the process has ended, its last words say more than a connection that broke.
    gateway.check();
    throw error;
  } finally {
    await outages.end();
    await clients.close();
  }
}

/** @throws where a request failed as INTERNAL, also one whose client did not wait; or something failed unhandled. */
async function checkAnswers({ adminUrl }: InspectedGateway): Promise<void> {
  const metrics = await fetch(`${adminUrl}/metrics`, { headers: { connection: "close" } });
  const lines = (await metrics.text()).split("\n");
  const defects = lines.filter((line) => /outcome="INTERNAL"|_defects_total [1-9]/.test(line));
  if (defects.length > 0) throw new Error(`the process failed: ${defects.join(", ")}`);
}
