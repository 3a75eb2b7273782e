import { validate } from "@mcp-fleet/contract/settings";
import { describe, expect, it, onTestFinished } from "vitest";
import { RawClient } from "../../testkit/clients/raw-client.ts";
import { startGateway } from "../../testkit/processes/gateway.ts";
import { callOf, messageOf, textOf } from "../../testkit/processes/scripted-fleet.ts";
import { ScriptedBackend } from "../../testkit/servers/scripted-backend.ts";
import type { Exchange } from "../../testkit/servers/scripted-exchange.ts";

const LIST = '{"jsonrpc":"2.0","id":1,"method":"tools/list"}';

const serverWith = async (...tools: string[]) => {
  const server = await ScriptedBackend.start();
  onTestFinished(() => server.stop());
  server.tools = tools.map((name) => ({ name, inputSchema: { type: "object" } }));
  return server;
};

/** A running gateway that can be given other backends, and a client that listens. */
const start = async (backends: Record<string, ScriptedBackend>, limits: object = {}) => {
  const configurationOf = (servers: Record<string, ScriptedBackend>) => ({
    limits,
    backends: Object.entries(servers).map(([name, { url }]) => ({ name, url })),
  });
  const gateway = await startGateway(configurationOf(backends));
  onTestFinished(() => gateway.close());
  const client = await RawClient.open(gateway.url);
  const stream = await client.stream();
  onTestFinished(() => stream.leave());
  const names = async () =>
    messageOf(await client.post(LIST)).result?.tools?.map(({ name }) => name);
  const apply = (servers: Record<string, ScriptedBackend>) =>
    gateway.server.backends.apply(validate(configurationOf(servers)).backends);
  const heard = async () => JSON.parse((await stream.next()) ?? "").method;
  return { gateway, client, names, apply, heard };
};

const LIST_CHANGED = "notifications/tools/list_changed";

describe("the backends of a running gateway", () => {
  it("grow from 1 to 2: its tool is listed and called in a session of before, and the client hears of it", async () => {
    const [one, two] = [await serverWith("a"), await serverWith("b")];
    const { client, names, apply, heard } = await start({ one });
    expect(await names()).toEqual(["one_a"]);

    await apply({ one, two });

    expect(await heard()).toBe(LIST_CHANGED);
    expect(await names()).toEqual(["one_a", "two_b"]);
    expect(textOf(await client.post(callOf("two_b")))).toBe("b for raw");
    expect(one.discovered("initialize")).toBe(1);
  });

  it("shrink from 2 to 1: the call in flight there finishes, the tool is unknown afterwards, and the client hears of it", async () => {
    const [one, two] = [await serverWith("a"), await serverWith("b")];
    const { gateway, client, names, apply, heard } = await start({ one, two });
    expect(await names()).toEqual(["one_a", "two_b"]);
    const begun = new Promise<Exchange>((resolve) => two.once("tools/call", resolve));
    const called = client.post(callOf("two_b"));
    const exchange = await begun;

    await apply({ one });

    expect(await heard()).toBe(LIST_CHANGED);
    expect(await names()).toEqual(["one_a"]);
    const refused = await client.post(callOf("two_b", 2));
    expect(messageOf(refused).error?.message).toBe("Unknown tool: two_b");
    exchange.result({ content: [{ type: "text", text: "finished" }] });
    expect(textOf(await called)).toBe("finished");
    await expect.poll(() => two.openSockets).toBe(0);
    const { backends } = await gateway.server.status();
    expect(backends.map(({ name }) => name)).toEqual(["one"]);
  });

  it("are replaced under their name: a session goes on at the new address, with a session of its own there", async () => {
    const [old, next] = [await serverWith("a"), await serverWith("a")];
    const { client, names, apply } = await start({ one: old });
    await names();
    expect(textOf(await client.post(callOf("one_a")))).toBe("a for raw");

    await apply({ one: next });

    expect(textOf(await client.post(callOf("one_a")))).toBe("a for raw");
    // The new address knows the session of the old one as little as a server that was restarted.
    expect([next.count("tools/call"), next.count("initialize")]).toEqual([2, 1]);
    expect(old.count("tools/call")).toBe(1);
    await expect.poll(() => old.openSockets).toBe(0);
  });

  it("are replaced while 1 call runs and 1 waits for its place: both are answered where they began", async () => {
    const [old, next] = [await serverWith("a"), await serverWith("a")];
    const { client, gateway, names, apply } = await start({ one: old }, { upstreamConnections: 1 });
    await names();
    expect(textOf(await client.post(callOf("one_a")))).toBe("a for raw");
    const begun = new Promise<Exchange>((resolve) => old.once("tools/call", resolve));
    const runs = client.post(callOf("one_a", 2));
    const exchange = await begun;
    const waits = client.post(callOf("one_a", 3));
    const waiting = async () => (await fetch(`${gateway.adminUrl}/metrics`)).text();
    await expect
      .poll(waiting)
      .toContain('mcp_fleet_calls_waiting{limit="backend",backend="one"} 1');

    await apply({ one: next });

    exchange.result({ content: [{ type: "text", text: "finished" }] });
    expect(textOf(await runs)).toBe("finished");
    expect(textOf(await waits)).toBe("a for raw");
    expect([old.count("tools/call"), next.count("tools/call")]).toEqual([3, 0]);
    await expect.poll(() => old.openSockets).toBe(0);
  });

  it("stay as they are where nothing changed: 0 further requests", async () => {
    const one = await serverWith("a");
    const { names, apply } = await start({ one });
    await names();
    // Once its stream is open, each of its 3 lists is read a second time.
    await expect.poll(() => one.received).toHaveLength(9);
    const before = one.received.map(({ kind }) => kind);
    await apply({ one });
    await names();
    expect(one.received.map(({ kind }) => kind)).toEqual(before);
  });
});
