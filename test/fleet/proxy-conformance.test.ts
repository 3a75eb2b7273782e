import type { Role } from "@mcp-fleet/contract/settings";
import { beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { shortfalls } from "../../testkit/clients/conformance-shortfalls.ts";
import { runConformance, type ScenarioCounts } from "../../testkit/clients/conformance-suite.ts";
import { Fleet } from "../../testkit/processes/fleet.ts";
import { hasRedis } from "../../testkit/processes/redis.ts";
import type { RoundRobin } from "../../testkit/processes/round-robin.ts";
import { startConformanceServer } from "../../testkit/servers/conformance/server.ts";

describe.skipIf(!hasRedis)("the conformance suite of 2025-11-25 through proxies", () => {
  let fixtureUrl: string;
  let direct: Map<string, ScenarioCounts>;

  beforeAll(async () => {
    const fixture = await startConformanceServer();
    fixtureUrl = fixture.url;
    direct = await runConformance(fixture.url);
    return () => fixture.close();
  });

  /** 2 of a role, none special, behind a balancer that knows nothing of sessions. */
  const startTwo = async (
    role: Role,
    backend: object,
    session: object = {},
  ): Promise<RoundRobin> => {
    const fleet = await Fleet.start({
      role,
      replicas: 2,
      configuration: {
        name: role,
        // No prefix: the suite calls tools and prompts by their names.
        aggregation: { conflictResolutionConfig: { prefixFormat: "" } },
        backends: [{ name: "fixture", ...backend }],
        session,
      },
    });
    onTestFinished(() => fleet.close());
    return fleet.front;
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
