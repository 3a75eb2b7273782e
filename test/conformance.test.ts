import { beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { shortfalls } from "../testkit/clients/conformance-shortfalls.ts";
import { runConformance, type ScenarioCounts } from "../testkit/clients/conformance-suite.ts";
import { startGateway } from "../testkit/processes/gateway.ts";
import { startConformanceServer } from "../testkit/servers/conformance/server.ts";

describe("the conformance suite of 2025-11-25", () => {
  let fixtureUrl: string;
  let direct: Map<string, ScenarioCounts>;

  beforeAll(async () => {
    const fixture = await startConformanceServer();
    fixtureUrl = fixture.url;
    direct = await runConformance(fixture.url);
    return () => fixture.close();
  });

  it("counts 84 checks of 33 scenarios as right and 0 as anything else on the fixture itself", () => {
    const flawed = [...direct].filter(
      ([, { success, failure, warning, skipped }]) =>
        success === 0 || failure + warning + skipped > 0,
    );
    expect(flawed).toEqual([]);
    expect(direct.size).toBe(33);
    expect([...direct.values()].reduce((sum, { success }) => sum + success, 0)).toBe(84);
  });

  it("finds 32 scenarios worse, 2 of them by a failure, when only 2 run and each request gets 404", async () => {
    const nowhere = fixtureUrl.replace("/mcp", "/nowhere");

    const lost = await runConformance(nowhere, { scenarios: ["ping", "tools-list"] });

    // The one right check is the suite's verdict on the form of its own request.
    for (const scenario of ["ping", "tools-list"]) {
      expect(lost.get(scenario)).toMatchObject({ success: 1, failure: 1 });
    }
    expect(lost.size).toBe(2);
    expect(shortfalls(direct, lost)).toHaveLength(32);
  });

  it("finds 0 failures and no fewer right checks in 32 scenarios through a gateway than directly", async () => {
    const gateway = await startGateway({
      name: "conformance",
      port: 0,
      adminPort: 0,
      // No prefix: the suite calls tools and prompts by their names.
      aggregation: {
        conflictResolution: "prefix",
        conflictResolutionConfig: { prefixFormat: "" },
      },
      backends: [{ name: "fixture", url: fixtureUrl, transport: "streamable-http" }],
    });
    onTestFinished(() => gateway.close());

    const through = await runConformance(gateway.url);

    const worse = shortfalls(direct, through);
    if (worse.length > 0) console.table(worse);
    expect(worse).toEqual([]);
  });
});
