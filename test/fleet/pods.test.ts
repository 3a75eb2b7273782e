import { beforeEach, describe, expect, it, onTestFinished } from "vitest";
import { RawClient } from "../../testkit/clients/raw-client.ts";
import { FleetProcess } from "../../testkit/processes/fleet-process.ts";
import { hasRedis } from "../../testkit/processes/redis.ts";
import { RoundRobin } from "../../testkit/processes/round-robin.ts";
import { callOf, messageOf } from "../../testkit/processes/scripted-fleet.ts";
import { SentinelGroup } from "../../testkit/processes/sentinel-group.ts";
import { CounterProcess } from "../../testkit/servers/counter-server.ts";
import { eventually } from "../../testkit/vitest/eventually.ts";

const SESSIONS = 300;
const RENEWED = "mcp-fleet/backendSessionRenewed";

/** What a call came to: the session's count, or the name of the error; and whether it says that it is a new session. */
interface Count {
  readonly count?: number;
  readonly error?: string;
  readonly isRenewed: boolean;
}

/** One session, at each process that serves it in turn. */
class CountingClient {
  readonly seen: Count[] = [];
  readonly #clients: readonly RawClient[];
  #calls = 0;

  constructor(clients: readonly RawClient[]) {
    this.#clients = clients;
  }

  static async open(urls: readonly string[], first: number): Promise<CountingClient> {
    const client = await RawClient.open(urls[first % urls.length] ?? "");
    return new CountingClient(urls.map((url) => client.at(url)));
  }

  async count(): Promise<Count> {
    this.#calls += 1;
    const client = this.#clients[this.#calls % this.#clients.length];
    const answer = await client?.post(callOf("count", this.#calls));
    if (answer === undefined) throw new Error("no process");
    const { result, error } = messageOf(answer);
    const data: { error?: string } = Object(error?.data);
    const seen: Count = {
      ...(result?.content?.[0]?.text && { count: Number(result.content[0].text) }),
      ...(error && { error: data.error ?? error.message }),
      isRenewed: result?._meta?.[RENEWED] !== undefined,
    };
    this.seen.push(seen);
    return seen;
  }

  get last(): Count | undefined {
    return this.seen.at(-1);
  }
}

describe.skipIf(!hasRedis)("3 pods of a stateful counter, with sessions behind 3 Sentinels", () => {
  let pods: CounterProcess[];
  let group: SentinelGroup;

  beforeEach(async () => {
    const [started, sentinels] = await Promise.all([
      Promise.all([1, 2, 3].map(() => CounterProcess.start())),
      SentinelGroup.start(),
    ]);
    pods = started;
    group = sentinels;
    return async () => {
      await Promise.all(pods.map((pod) => pod.kill()));
      await group.stop();
    };
  });

  /** Soon finds out that a pod hangs, and does not take a busy machine's for dead. */
  const watchful = { failureHandling: { healthCheckInterval: "2s", unhealthyThreshold: 3 } };

  const startTwo = async (role: "gateway" | "proxy", backend: object = {}, operational = {}) => {
    const urls = pods.map(({ url }) => url);
    const configuration = {
      name: role,
      aggregation: { conflictResolutionConfig: { prefixFormat: "" } },
      backends: [{ name: "counter", urls, stateful: true, callTimeout: "5s", ...backend }],
      operational,
      limits: { podLossAfter: "1s", initializeTimeout: "10s" },
      sessionStorage: {
        provider: "redis",
        keyPrefix: role,
        sentinel: { masterName: "fleet", addrs: group.addresses },
      },
    };
    const processes = await Promise.all([1, 2].map(() => FleetProcess.start(configuration, role)));
    onTestFinished(() => Promise.all(processes.map((one) => one.stop())).then(() => {}));
    return processes;
  };

  const open = async (urls: readonly string[], count = SESSIONS): Promise<CountingClient[]> => {
    const clients: CountingClient[] = [];
    for (let first = 0; first < count; first += 30) {
      const some = Array.from({ length: 30 }, (_, index) =>
        CountingClient.open(urls, first + index),
      );
      clients.push(...(await Promise.all(some)));
    }
    return clients;
  };

  const countAll = async (clients: readonly CountingClient[]) => {
    for (let first = 0; first < clients.length; first += 50) {
      await Promise.all(clients.slice(first, first + 50).map((client) => client.count()));
    }
  };

  const statusOf = async ({ adminUrl }: FleetProcess) =>
    JSON.parse(await (await fetch(`${adminUrl}/status`)).text());

  const podSessions = async (process: FleetProcess): Promise<number[]> => {
    const status = await statusOf(process);
    return status.backends[0].pods.map(({ sessions }: { sessions: number }) => sessions);
  };

  /** Within 20 % of a third each. */
  const expectSpread = (sessions: readonly number[]) => {
    for (const count of sessions) {
      expect(count).toBeGreaterThanOrEqual((SESSIONS / 3) * 0.8);
      expect(count).toBeLessThanOrEqual((SESSIONS / 3) * 1.2);
    }
  };

  const expectCounts = (clients: readonly CountingClient[], counts: readonly number[]) => {
    for (const { seen } of clients) {
      expect(seen).toEqual(counts.map((count) => ({ count, isRenewed: false })));
    }
  };

  it("have a third of 300 sessions each, which count 1 to 4 through either of 2 proxies, also after 1 of these is killed", async () => {
    const [one, other] = await startTwo("proxy");
    if (one === undefined || other === undefined) throw new Error("no proxies");
    const clients = await open([one.url, other.url]);
    for (const _turn of [1, 2]) await countAll(clients);
    expectSpread(await podSessions(one));
    expect(await podSessions(other)).toEqual(await podSessions(one));
    await one.kill();
    await one.restart();
    for (const _turn of [3, 4]) await countAll(clients);
    expectCounts(clients, [1, 2, 3, 4]);
  });

  it("count 1 to 3 in 300 sessions straight from 2 gateways", async () => {
    const gateways = await startTwo("gateway");
    const clients = await open(gateways.map(({ url }) => url));
    for (const _turn of [1, 2, 3]) await countAll(clients);
    expectCounts(clients, [1, 2, 3]);
    const [first] = gateways;
    if (first !== undefined) expectSpread(await podSessions(first));
  });

  it("count 1 to 3 in 300 sessions through 2 gateways before 2 proxies, no two requests in a row the same way", async () => {
    const proxies = await startTwo("proxy");
    const front = await RoundRobin.start({ targets: proxies.map(({ url }) => url) });
    onTestFinished(() => front.close());
    const gateways = await startTwo("gateway", { urls: undefined, url: front.url });
    const clients = await open(gateways.map(({ url }) => url));
    for (const _turn of [1, 2, 3]) await countAll(clients);
    expectCounts(clients, [1, 2, 3]);
    const [first] = proxies;
    if (first !== undefined) expectSpread(await podSessions(first));
    expect(front.notFound).toBe(0);
  });

  it.each([
    ["is killed", (pod: CounterProcess) => pod.kill()],
    ["comes back under its name with an empty memory", (pod: CounterProcess) => pod.restart()],
  ])(
    "lose the memory of exactly the 30 sessions of the one that %s, each told once",
    async (_what, fail) => {
      const proxies = await startTwo("proxy");
      const clients = await open(
        proxies.map(({ url }) => url),
        90,
      );
      await countAll(clients);
      await countAll(clients);
      await fail(pods[0] ?? new CounterProcess());
      // Whoever is not told yet gets an error that says that nothing ran, until the pod counts as gone.
      const isTold = ({ error }: Count) => error === "BACKEND_SESSION_LOST";
      await eventually(async () => {
        const untold = clients.filter(({ seen }) => !seen.some(isTold));
        await countAll(untold);
        expect(clients.filter(({ seen }) => seen.some(isTold))).toHaveLength(30);
      });
      await countAll(clients);
      await countAll(clients);

      const lost = clients.filter(({ seen }) => seen.some(isTold));
      const kept = clients.filter((client) => !lost.includes(client));
      for (const { seen } of lost) {
        expect(seen.filter(isTold)).toHaveLength(1);
        const at = seen.findIndex(isTold);
        expect(
          new Set(seen.slice(2, at).map(({ error }) => error)).difference(
            new Set(["BACKEND_UNREACHABLE"]),
          ),
        ).toEqual(new Set());
        expect(seen.slice(at + 1)).toEqual([
          { count: 1, isRenewed: true },
          { count: 2, isRenewed: false },
        ]);
      }
      for (const { seen } of kept) {
        expect(seen.map(({ count }) => count)).toEqual(seen.map((_, index) => index + 1));
      }
    },
  );

  it("go on counting where they were once the one that hung is back, and only its 30 sessions get errors while it hangs", async () => {
    const proxies = await startTwo("proxy", {}, watchful);
    const clients = await open(
      proxies.map(({ url }) => url),
      90,
    );
    await countAll(clients);
    pods[0]?.freeze();
    await countAll(clients);
    const stuck = clients.filter(({ last }) => last?.error !== undefined);
    expect(stuck).toHaveLength(30);
    for (const { last } of stuck)
      expect(["BACKEND_TIMEOUT", "BACKEND_UNREACHABLE"]).toContain(last?.error);
    // By then the breaker of that pod is open: nothing waits any more.
    await eventually(async () => {
      await countAll(stuck);
      expect(new Set(stuck.map(({ last }) => last?.error))).toEqual(
        new Set(["BACKEND_UNREACHABLE"]),
      );
    });
    pods[0]?.thaw();
    await eventually(async () => {
      await countAll(stuck);
      for (const { last } of stuck) expect(last?.error).toBeUndefined();
    });
    for (const { seen } of stuck) {
      const counts = seen.flatMap(({ count }) => count ?? []);
      // A call that timed out may have been counted: the count never goes back or starts again.
      expect(counts).toEqual(counts.toSorted((a, b) => a - b));
      expect(counts.at(-1)).toBeGreaterThan(1);
      expect(seen.some(({ isRenewed }) => isRenewed)).toBe(false);
    }
    for (const { seen } of clients.filter((client) => !stuck.includes(client))) {
      expect(seen.map(({ count }) => count)).toEqual(seen.map((_, index) => index + 1));
    }
  });
});
