import { expect, it, onTestFinished } from "vitest";
import { ClientPool } from "../../testkit/clients/client-pool.ts";
import { runConformance } from "../../testkit/clients/conformance-suite.ts";
import type { RawClient } from "../../testkit/clients/raw-client.ts";
import { startGateway } from "../../testkit/processes/gateway.ts";
import { startConformanceServer } from "../../testkit/servers/conformance/server.ts";
import { EchoBackend } from "../../testkit/servers/echo-backend.ts";

const unprefixed = {
  conflictResolution: "prefix",
  conflictResolutionConfig: { prefixFormat: "" },
} as const;

async function startSmallest() {
  const backend = await EchoBackend.start();
  onTestFinished(() => backend.stop());
  const gateway = await startGateway({
    session: { cacheEntries: 1 },
    aggregation: unprefixed,
    backends: [{ name: "counting", url: backend.url }],
  });
  onTestFinished(() => gateway.close());
  const pool = new ClientPool(gateway.url);
  onTestFinished(() => pool.close());
  const open = () => Promise.all(Array.from({ length: 50 }, () => pool.open()));
  return { backend, gateway, open };
}

async function callFrom(session: RawClient): Promise<void> {
  const { status, text } = await session.call("echo", { from: session.sessionId });
  expect(status).toBe(200);
  expect(JSON.parse(JSON.parse(text).result.content[0].text)).toEqual({ from: session.sessionId });
}

it("answers 50 sessions in turn, 4 times round, from a cache of 1 entry and 50 backend sessions", async () => {
  const { backend, gateway, open } = await startSmallest();
  const sessions = await open();
  for (let round = 0; round < 4; round += 1) {
    for (const session of sessions) await callFrom(session);
  }
  // One of them is the gateway's own, for the lists.
  expect(backend.counts).toMatchObject({
    sessions: 51,
    requests: { initialize: 51, "tools/call": 200 },
  });
  expect(await gateway.server.status()).toMatchObject({
    sessions: { stored: 50, cached: 1, busy: 0 },
  });
});

it("answers 50 sessions at once, 4 times over, from a cache of 1 entry and 50 backend sessions", async () => {
  const { backend, gateway, open } = await startSmallest();
  const sessions = await open();
  const calls = sessions.flatMap((session) => Array.from({ length: 4 }, () => callFrom(session)));
  await Promise.all(calls);
  expect(backend.counts).toMatchObject({
    sessions: 51,
    requests: { initialize: 51, "tools/call": 200 },
  });
  expect(await gateway.server.status()).toMatchObject({
    sessions: { stored: 50, cached: 1, busy: 0 },
  });
});

it("passes the 32 scenarios of the conformance suite with 0 failures from a cache of 1 entry", async () => {
  const fixture = await startConformanceServer();
  onTestFinished(() => fixture.close());
  const gateway = await startGateway({
    session: { cacheEntries: 1 },
    aggregation: unprefixed,
    backends: [{ name: "fixture", url: fixture.url }],
  });
  onTestFinished(() => gateway.close());
  const counts = await runConformance(gateway.url);
  // Polling needs an event log, which the gateway does not have.
  counts.delete("server-sse-polling");
  expect([...counts].filter(([, { failure, success }]) => failure > 0 || success === 0)).toEqual(
    [],
  );
  expect(counts.size).toBe(32);
});
