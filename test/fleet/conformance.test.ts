import { beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { shortfalls } from "../../testkit/clients/conformance-shortfalls.ts";
import { runConformance, type ScenarioCounts } from "../../testkit/clients/conformance-suite.ts";
import { Fleet, type FleetOptions } from "../../testkit/processes/fleet.ts";
import { hasRedis } from "../../testkit/processes/redis.ts";
import { startConformanceServer } from "../../testkit/servers/conformance/server.ts";

const GATEWAYS = 3;

/** A process dies before every fifth session: about before every fifth scenario. */
const SESSIONS_PER_KILL = 5;

describe.skipIf(!hasRedis)("the conformance suite of 2025-11-25 over 3 processes", () => {
  let fixtureUrl: string;
  let direct: Map<string, ScenarioCounts>;

  beforeAll(async () => {
    const fixture = await startConformanceServer();
    fixtureUrl = fixture.url;
    direct = await runConformance(fixture.url);
    return () => fixture.close();
  });

  const startFleet = async (session: object, before?: FleetOptions["before"]): Promise<Fleet> => {
    const fleet = await Fleet.start({
      replicas: GATEWAYS,
      configuration: {
        name: "conformance",
        // No prefix: the suite calls tools and prompts by their names.
        aggregation: { conflictResolutionConfig: { prefixFormat: "" } },
        backends: [{ name: "fixture", url: fixtureUrl }],
        session,
      },
      ...(before && { before }),
    });
    onTestFinished(() => fleet.close());
    return fleet;
  };

  const expectParity = async ({ front }: Fleet) => {
    const worse = shortfalls(direct, await runConformance(front.url));
    if (worse.length > 0) console.table(worse);
    expect(worse).toEqual([]);
  };

  it("finds 0 failures and no fewer right checks in 32 scenarios, though no 2 requests in a row meet one process", async () => {
    const fleet = await startFleet({});
    await expectParity(fleet);
    const shares = [...fleet.front.answered.values()];
    expect(shares).toHaveLength(GATEWAYS);
    // Round robin means equal shares; requests that wait overtake each other by a few.
    expect(Math.max(...shares) - Math.min(...shares)).toBeLessThan(Math.min(...shares) / 2);
  });

  it("finds the same where each process caches 1 session", async () => {
    await expectParity(await startFleet({ cacheEntries: 1 }));
  });

  it("finds the same where 1 of 3 processes is killed and restarted before every 5th session", async () => {
    let sessions = 0;
    let kills = 0;
    let restarted = Promise.resolve();
    const killOne = async () => {
      await restarted;
      const victim = fleet.processes[kills % GATEWAYS];
      kills += 1;
      await victim?.kill();
      restarted = victim?.restart() ?? restarted;
    };
    const fleet = await startFleet({}, async ({ method, headers }) => {
      if (method !== "POST" || headers["mcp-session-id"] !== undefined) return;
      sessions += 1;
      if (sessions % SESSIONS_PER_KILL === 0) await killOne();
    });
    await expectParity(fleet);
    await restarted;
    expect(kills).toBeGreaterThanOrEqual(6);
  });
});
