import { beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { shortfalls } from "../../testkit/clients/conformance-shortfalls.ts";
import { runConformance, type ScenarioCounts } from "../../testkit/clients/conformance-suite.ts";
import { FleetProcess } from "../../testkit/processes/fleet-process.ts";
import { hasRedis, RedisProcess } from "../../testkit/processes/redis.ts";
import { RoundRobin } from "../../testkit/processes/round-robin.ts";
import { startConformanceServer } from "../../testkit/servers/conformance/server.ts";

describe.skipIf(!hasRedis)("the conformance suite of 2025-11-25 through proxies", () => {
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

  /** 2 of a role, none special, behind a balancer that knows nothing of sessions. */
  const startTwo = async (
    role: "gateway" | "proxy",
    backend: object,
    session: object = {},
  ): Promise<RoundRobin> => {
    const configuration = {
      name: role,
      // No prefix: the suite calls tools and prompts by their names.
      aggregation: { conflictResolutionConfig: { prefixFormat: "" } },
      backends: [{ name: "fixture", ...backend }],
      sessionStorage: {
        provider: "redis",
        address: `127.0.0.1:${redis.port}`,
        keyPrefix: `${role}-${Object.keys(session).length}`,
      },
      session,
    };
    const starts = [1, 2].map(() => FleetProcess.start(configuration, role));
    const processes = await Promise.all(starts);
    onTestFinished(() => Promise.all(processes.map((one) => one.stop())).then(() => {}));
    const front = await RoundRobin.start({ targets: processes.map(({ url }) => url) });
    onTestFinished(() => front.close());
    return front;
  };

  const expectParity = async (front: RoundRobin) => {
    const worse = shortfalls(direct, await runConformance(front.url));
    if (worse.length > 0) console.table(worse);
    expect(worse).toEqual([]);
    expect(front.answered.size).toBe(2);
  };

  it("finds 0 failures and no fewer right checks through 2 proxies in turn that cache 1 session", async () => {
    const pod = { urls: [fixtureUrl], stateful: true };
    await expectParity(await startTwo("proxy", pod, { cacheEntries: 1 }));
  });

  it("finds the same through 2 gateways in turn before 2 proxies in turn", async () => {
    const proxies = await startTwo("proxy", { urls: [fixtureUrl], stateful: true });
    await expectParity(await startTwo("gateway", { url: proxies.url, notifications: "session" }));
    expect(proxies.answered.size).toBe(2);
  });
});
