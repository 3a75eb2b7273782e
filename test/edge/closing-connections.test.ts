import { once } from "node:events";
import { connect, type Socket } from "node:net";

import { expect, it, onTestFinished } from "vitest";

import { startGateway } from "../../testkit/processes/gateway.ts";
import { configurationFor, startFleet } from "../../testkit/processes/scripted-fleet.ts";
import { ScriptedBackend } from "../../testkit/servers/scripted-backend.ts";
import type { Exchange } from "../../testkit/servers/scripted-exchange.ts";

const CONNECTIONS = 20;
const REQUEST = "GET /livez HTTP/1.1\r\nhost: localhost\r\n\r\n";
const CALL = JSON.stringify({
  jsonrpc: "2.0",
  id: 1,
  method: "tools/call",
  params: { name: "write", arguments: {} },
});

async function idleConnection(port: number): Promise<Socket> {
  const socket = connect(port, "127.0.0.1").setEncoding("utf8");
  await once(socket, "connect");
  socket.write(REQUEST);
  expect(String(await once(socket, "data"))).toContain("200 OK");
  return socket;
}

it("20 requests that have come over idle connections, and are not read yet, are answered by a gateway that closes", async () => {
  const backend = await ScriptedBackend.start();
  onTestFinished(() => backend.stop());
  const gateway = await startGateway(configurationFor(backend.url));
  onTestFinished(() => gateway.close());
  const port = Number(new URL(gateway.url).port);
  const sockets = await Promise.all(
    Array.from({ length: CONNECTIONS }, () => idleConnection(port)),
  );
  const answers = sockets.map((socket) =>
    once(socket, "data").then(String, (error: unknown) => String(error)),
  );
  const closed = sockets.map((socket) => once(socket, "close").then(() => "closed"));

  // Both in one turn: the system has the requests, and this process has seen none of them.
  for (const socket of sockets) socket.write(REQUEST);
  const ended = gateway.server.close();

  for (const [index, answer] of answers.entries()) {
    const first = await Promise.race([answer, closed[index]]);
    expect(first).toContain("200 OK");
    expect(first).toContain("connection: close");
  }
  await ended;
});

it("a call that came while the gateway served, and is answered while it lingers, says that its connection closes", async () => {
  const { backend, gateway, client } = await startFleet();
  const running = Promise.withResolvers<Exchange>();
  backend.on("tools/call", running.resolve);

  const call = client.post(CALL);
  const exchange = await running.promise;
  const drained = gateway.server.drain(60);
  exchange.result({ content: [] });

  const { status, headers } = await call;
  expect(status).toBe(200);
  expect(headers.connection).toBe("close");
  await gateway.close();
  await drained;
});

it("the connection of an event stream, which ends with the gateway, is none for another request", async () => {
  const { gateway, client } = await startFleet();
  const stream = await fetch(gateway.url, {
    headers: { accept: "text/event-stream", "mcp-session-id": String(client.sessionId) },
  });
  expect(stream.status).toBe(200);
  expect(stream.headers.get("connection")).toBe("close");
  await stream.body?.cancel();
});
