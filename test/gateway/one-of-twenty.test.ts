import { once } from "node:events";
import { createServer, type Socket } from "node:net";
import type { Configuration } from "@mcp-fleet/contract/settings";
import { describe, expect, it, onTestFinished } from "vitest";
import { RawClient } from "../../testkit/clients/raw-client.ts";
import { type RunningRole, startRoles } from "../../testkit/processes/gateway.ts";
import { callOf, messageOf, textOf } from "../../testkit/processes/scripted-fleet.ts";
import { ScriptedBackend } from "../../testkit/servers/scripted-backend.ts";
import type { Exchange } from "../../testkit/servers/scripted-exchange.ts";
import { eventually } from "../../testkit/vitest/eventually.ts";

const LIST_TOOLS = '{"jsonrpc":"2.0","id":1,"method":"tools/list"}';

/** Where one hangs, and whether something that was asked of it is still unanswered. */
interface Hanging {
  readonly url: string;
  isWaitedFor(): boolean;
}

/** A server that accepts connections, and never a TLS handshake. */
async function hangingConnect(): Promise<Hanging> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => {});
    socket.once("close", () => sockets.delete(socket));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const address = server.address();
  const port = typeof address === "object" ? address?.port : undefined;
  return { url: `https://127.0.0.1:${port}/mcp`, isWaitedFor: () => sockets.size > 0 };
}

async function hangingAt(kind: string): Promise<Hanging> {
  const backend = await startBackend();
  const held: Exchange[] = [];
  backend.on(kind, (exchange) => void held.push(exchange));
  return { url: backend.url, isWaitedFor: () => held.some((exchange) => !exchange.isCut) };
}

async function startBackend(): Promise<ScriptedBackend> {
  const backend = await ScriptedBackend.start({ keepRequests: false });
  onTestFinished(() => backend.stop());
  return backend;
}

/** 20 backends, of which the first ones hang. Whoever waited for one would do so for 2 s at the start, and for an hour after it. */
async function startTwenty(
  hanging: readonly Hanging[],
  more: Partial<Configuration["backends"][number]> = {},
): Promise<RunningRole> {
  const count = 20 - hanging.length;
  const others = await Promise.all(Array.from({ length: count }, () => startBackend()));
  const urls = [...hanging, ...others].map(({ url }) => url);
  const [gateway] = await startRoles({
    backends: urls.map((url, index) => ({ name: `b${index}`, url, ...more })),
    limits: {
      callTimeout: "1h",
      callTimeoutMax: "1h",
      initializeTimeout: "1h",
      connectTimeout: "1h",
      listWait: "1h",
      queueTimeout: "1h",
      catalogReads: 20,
    },
    operational: { failureHandling: { healthCheckInterval: "2s", healthCheckTimeout: "2s" } },
  });
  return gateway;
}

async function toolsOf(client: RawClient): Promise<{ names: Set<string>; missing: unknown }> {
  const { result } = messageOf(await client.post(LIST_TOOLS));
  const names = new Set(result?.tools?.map(({ name }) => name.split("_")[0] ?? ""));
  return { names, missing: result?._meta?.["mcp-fleet/missingBackends"] };
}

const namesFrom = (first: number) =>
  Array.from({ length: 20 - first }, (_, index) => `b${first + index}`);

const waitingIn = async ({ adminUrl }: RunningRole) =>
  [
    ...(await (await fetch(`${adminUrl}/metrics`)).text()).matchAll(
      /^mcp_fleet_calls_waiting\{.*\} ([1-9]\d*)$/gm,
    ),
  ].map(([line]) => line);

describe.each(["shared", "perSession"] as const)("with catalog %s", (catalog) => {
  it("and 3 of 20 backends hanging, at the connection, at initialize and at tools/list, 2 clients of a new kind list 17 backends and call each: 0 calls wait", async () => {
    const hanging = await Promise.all([
      hangingConnect(),
      hangingAt("initialize"),
      hangingAt("tools/list"),
    ]);
    const gateway = await startTwenty(hanging, { catalog });
    // The first look at all backends is over: from here on the 3 are known to hang.
    await eventually(async () => {
      const { backends } = await gateway.server.status();
      const first = backends.slice(0, 3).map(({ health }) => health);
      expect(first).toEqual(["unhealthy", "unhealthy", "degraded"]);
    });
    for (const kind of [{ roots: {} }, { sampling: {} }]) {
      const client = await RawClient.open(gateway.url, "2025-11-25", kind);
      const { names, missing } = await toolsOf(client);
      expect([...names].sort()).toEqual(namesFrom(3).sort());
      expect(missing).toEqual(["b0", "b1", "b2"]);
      const calls = namesFrom(3).map((name, id) => client.post(callOf(`${name}_write`, id)));
      for (const answer of await Promise.all(calls)) expect(textOf(answer)).toBe("write for raw");
    }
    expect(hanging.map((one) => one.isWaitedFor())).toEqual([true, true, true]);
    expect(await waitingIn(gateway)).toEqual([]);
  });
});

it("with 1 of 20 backends hanging in 80 calls of a session, 57 calls of that session to the others wait 0 times", async () => {
  const gateway = await startTwenty([await hangingAt("tools/call")]);
  const client = await RawClient.open(gateway.url);
  const stuck = Array.from({ length: 80 }, (_, id) =>
    client.post(callOf("b0_write", `stuck-${id}`)),
  );
  await eventually(async () =>
    expect(await waitingIn(gateway)).toEqual([
      'mcp_fleet_calls_waiting{limit="session",backend=""} 16',
    ]),
  );
  const answers = namesFrom(1).flatMap((name) =>
    [1, 2, 3].map((id) => client.post(callOf(`${name}_write`, `${name}-${id}`))),
  );
  for (const answer of await Promise.all(answers)) expect(textOf(answer)).toBe("write for raw");
  expect((await toolsOf(client)).names.size).toBe(20);
  await client.end();
  await Promise.allSettled(stuck);
});
