import { setTimeout as delay } from "node:timers/promises";
import { isDeepStrictEqual } from "node:util";

import { describe, expect, it, onTestFinished } from "vitest";
import { RawClient } from "../../testkit/clients/raw-client.ts";
import { startGateway } from "../../testkit/processes/gateway.ts";
import { callOf, configurationFor, startFleet } from "../../testkit/processes/scripted-fleet.ts";
import { ScriptedBackend } from "../../testkit/servers/scripted-backend.ts";
import { eventually } from "../../testkit/vitest/eventually.ts";

describe("a gateway that closes", () => {
  it("leaves 0 connections, timers and discovery sessions behind after 5 sessions with streams", async () => {
    const backend = await ScriptedBackend.start();
    onTestFinished(() => backend.stop());
    await busyWith({ TCPServerWrap: 1 });
    const gateway = await startGateway(
      configurationFor(backend.url, {}, { notifications: "session" }),
    );
    const clients = await Promise.all([1, 2, 3, 4, 5].map(() => RawClient.open(gateway.url)));
    for (const client of clients) await client.post(callOf("write"));
    const streams = await Promise.all(clients.map((client) => client.stream()));
    await eventually(() => expect(backend.count("GET")).toBe(5));
    for (const client of clients.slice(3)) await client.send({ method: "DELETE" });
    await eventually(() => expect(backend.count("DELETE")).toBe(2));

    await gateway.server.close();

    for (const stream of streams) expect(await stream.next()).toBeUndefined();
    await eventually(() => expect(backend.openSockets).toBe(0));
    expect(backend.discovered("DELETE")).toBe(1);
    await busyWith({ TCPServerWrap: 1 });
  });

  it("waits for 1 call in flight, and refuses what comes after", async () => {
    const { backend, client, gateway } = await startFleet();
    const finish = Promise.withResolvers<void>();
    backend.on("tools/call", async (exchange) => {
      await finish.promise;
      exchange.result({ content: [] });
    });
    const waiting = client.post(callOf("write"));
    await eventually(() => expect(backend.count("tools/call")).toBe(1));

    const closing = gateway.server.close();
    await eventually(() => expect(fetch(gateway.url)).rejects.toThrow());
    finish.resolve();

    expect((await waiting).status).toBe(200);
    await closing;
    await eventually(() => expect(backend.openSockets).toBe(0));
  });
});

/**
 * Waits until nothing but this keeps the process busy: connections, listeners and timers, by kind. Pipes are
 * the test runner's. No waitFor, which would count among the timers.
 */
async function busyWith(expected: Record<string, number>): Promise<void> {
  for (let look = 0; look < 250 && !isDeepStrictEqual(resources(), expected); look += 1) {
    await delay(20);
  }
  expect(resources()).toEqual(expected);
}

function resources(): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const kind of process.getActiveResourcesInfo()) {
    if (kind !== "PipeWrap") counts[kind] = (counts[kind] ?? 0) + 1;
  }
  return counts;
}
