import { describe, expect, it, onTestFinished } from "vitest";
import { RawClient } from "../../testkit/clients/raw-client.ts";
import { FleetProcess } from "../../testkit/processes/fleet-process.ts";
import {
  callOf,
  configurationFor,
  messageOf,
  textOf,
} from "../../testkit/processes/scripted-fleet.ts";
import { ScriptedBackend } from "../../testkit/servers/scripted-backend.ts";
import { textResult } from "../../testkit/servers/scripted-exchange.ts";
import { eventually } from "../../testkit/vitest/eventually.ts";
import { refusesConnections } from "../../testkit/vitest/refuses-connections.ts";

/** The gateway as a process of its own, over a scripted backend. */
async function run(limits: Record<string, string> = {}) {
  const backend = await ScriptedBackend.start();
  onTestFinished(() => backend.stop());
  const settings = { limits, drain: { linger: "100ms" } };
  const gateway = await FleetProcess.start(configurationFor(backend.url, settings));
  onTestFinished(() => gateway.stop());
  return { gateway, backend };
}

describe("a gateway process that gets SIGTERM", () => {
  it("answers the 1 call in flight, refuses new connections meanwhile and exits with 0", async () => {
    const { gateway, backend } = await run();
    const finish = Promise.withResolvers<void>();
    backend.on("tools/call", async (exchange) => {
      await finish.promise;
      exchange.result(textResult("in time"));
    });
    const client = await RawClient.open(gateway.url);
    const idle = await RawClient.open(gateway.url);
    const stream = await idle.stream();
    const waiting = client.post(callOf("write"));
    await eventually(() => expect(backend.count("tools/call")).toBe(1));

    gateway.signal("SIGTERM");
    await refusesConnections(gateway.url);
    expect(await stream.next()).toBeUndefined();
    finish.resolve();

    expect(textOf(await waiting)).toBe("in time");
    expect(await gateway.exited).toBe(0);
    await eventually(() => expect(backend.openSockets).toBe(0));
    expect(backend.count("tools/call")).toBe(1);
  });

  it("exits with 0 when 3 sessions are idle", async () => {
    const { gateway } = await run();
    for (let index = 0; index < 3; index += 1) {
      const client = await RawClient.open(gateway.url);
      expect(textOf(await client.post(callOf("write")))).toBe("write for raw");
    }

    gateway.signal("SIGTERM");

    expect(await gateway.exited).toBe(0);
  });

  it("cuts the 1 call in flight at the 2nd SIGTERM and exits with 1", async () => {
    const { gateway, backend } = await run();
    backend.on("tools/call", () => {});
    const client = await RawClient.open(gateway.url);
    const waiting = client.post(callOf("write")).catch((error: unknown) => error);
    await eventually(() => expect(backend.count("tools/call")).toBe(1));

    gateway.signal("SIGTERM");
    await refusesConnections(gateway.url);
    gateway.signal("SIGTERM");

    expect(await gateway.exited).toBe(1);
    await waiting;
  });

  it("answers the 1 call in flight with an error after callTimeout, and exits with 0", async () => {
    const { gateway, backend } = await run({ callTimeout: "1s" });
    backend.on("tools/call", () => {});
    const client = await RawClient.open(gateway.url);
    const waiting = client.post(callOf("write"));
    await eventually(() => expect(backend.count("tools/call")).toBe(1));

    gateway.signal("SIGTERM");

    const answer = await waiting;
    expect(answer.status).toBe(200);
    expect(messageOf(answer).error?.data).toMatchObject({ error: "BACKEND_TIMEOUT" });
    expect(await gateway.exited).toBe(0);
  });
});
