import type { IncomingMessage } from "node:http";

import { beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { shortfalls } from "../../testkit/clients/conformance-shortfalls.ts";
import { runConformance, type ScenarioCounts } from "../../testkit/clients/conformance-suite.ts";
import { FleetProcess } from "../../testkit/processes/fleet-process.ts";
import { hasRedis, RedisProcess } from "../../testkit/processes/redis.ts";
import { RoundRobin } from "../../testkit/processes/round-robin.ts";
import { startConformanceServer } from "../../testkit/servers/conformance/server.ts";

const GATEWAYS = 3;

/** A process dies before every fifth session: about before every fifth scenario. */
const SESSIONS_PER_KILL = 5;

describe.skipIf(!hasRedis)("the conformance suite of 2025-11-25 over 3 processes", () => {
  let redis: RedisProcess;
  let fixtureUrl: string;
  let direct: Map<string, ScenarioCounts>;

  beforeAll(async () => {
    const [server, fixture] = await Promise.all([RedisProcess.server(), startConformanceServer()]);
    redis = server;
    fixtureUrl = fixture.url;
    direct = await runConformance(fixture.url);
    return () => Promise.all([server.stop(), fixture.close()]);
  });

  const startGateways = async (keyPrefix: string, session: object = {}) => {
    const configuration = {
      name: "conformance",
      // No prefix: the suite calls tools and prompts by their names.
      aggregation: { conflictResolutionConfig: { prefixFormat: "" } },
      backends: [{ name: "fixture", url: fixtureUrl }],
      sessionStorage: { provider: "redis", address: `127.0.0.1:${redis.port}`, keyPrefix },
      session,
    };
    const starts = Array.from({ length: GATEWAYS }, () => FleetProcess.start(configuration));
    const gateways = await Promise.all(starts);
    onTestFinished(() => Promise.all(gateways.map((gateway) => gateway.stop())).then(() => {}));
    return gateways;
  };

  const startFront = async (
    gateways: readonly FleetProcess[],
    before?: (request: IncomingMessage) => Promise<void>,
  ) => {
    const targets = gateways.map(({ url }) => url);
    const front = await RoundRobin.start({ targets, ...(before && { before }) });
    onTestFinished(() => front.close());
    return front;
  };

  const expectParity = async (front: RoundRobin) => {
    const worse = shortfalls(direct, await runConformance(front.url));
    if (worse.length > 0) console.table(worse);
    expect(worse).toEqual([]);
  };

  it("finds 0 failures and no fewer right checks in 32 scenarios, though no 2 requests in a row meet one process", async () => {
    const front = await startFront(await startGateways("normal"));
    await expectParity(front);
    const shares = [...front.answered.values()];
    expect(shares).toHaveLength(GATEWAYS);
    // Round robin means equal shares; requests that wait overtake each other by a few.
    expect(Math.max(...shares) - Math.min(...shares)).toBeLessThan(Math.min(...shares) / 2);
  });

  it("finds the same where each process caches 1 session", async () => {
    await expectParity(await startFront(await startGateways("tiny", { cacheEntries: 1 })));
  });

  it("finds the same where 1 of 3 processes is killed and restarted before every 5th session", async () => {
    const gateways = await startGateways("killed");
    let sessions = 0;
    let kills = 0;
    let restarted = Promise.resolve();
    const killOne = async () => {
      await restarted;
      const victim = gateways[kills % GATEWAYS];
      kills += 1;
      await victim?.kill();
      restarted = victim?.restart() ?? restarted;
    };
    const front = await startFront(gateways, async ({ method, headers }) => {
      if (method !== "POST" || headers["mcp-session-id"] !== undefined) return;
      sessions += 1;
      if (sessions % SESSIONS_PER_KILL === 0) await killOne();
    });
    await expectParity(front);
    await restarted;
    expect(kills).toBeGreaterThanOrEqual(6);
  });
});
