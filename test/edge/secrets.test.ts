import { expect, it, onTestFinished } from "vitest";
import { RawClient } from "../../testkit/clients/raw-client.ts";
import { FleetProcess } from "../../testkit/processes/fleet-process.ts";
import { EchoBackend } from "../../testkit/servers/echo-backend.ts";

it("a session id stands in no line of the debug log, not in /status and not in /metrics, whatever goes wrong", async () => {
  const echo = await EchoBackend.start();
  onTestFinished(() => echo.stop());
  const gateway = await FleetProcess.start({
    operational: { logLevel: "debug" },
    backends: [{ name: "echo", url: echo.url }],
  });
  onTestFinished(() => gateway.stop());

  const client = await RawClient.open(gateway.url);
  const { sessionId: id = "" } = client;
  const call = (name: string) =>
    client.post(`{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"${name}"}}`);
  expect((await call("echo_echo")).status).toBe(200);
  expect((await call("nobody")).status).toBe(200);
  expect((await client.post("{", { "mcp-session-id": id })).status).toBe(400);
  expect((await client.post("{}", { authorization: `Bearer ${id}` })).status).toBe(400);
  expect((await client.send({ path: `/mcp/${id}`, method: "GET" })).status).toBe(404);
  const stream = await client.stream();
  const texts = await Promise.all(
    ["/status", "/metrics"].map(async (path) => {
      const answer = await new RawClient(gateway.adminUrl).send({ method: "GET", path });
      return answer.text;
    }),
  );
  expect((await client.send({ method: "DELETE" })).status).toBe(204);
  expect(await stream.next()).toBeUndefined();
  expect((await call("echo_echo")).status).toBe(404);

  await gateway.terminate();
  const log = gateway.lines;
  expect(log.filter((line) => line.includes('"sid"')).length).toBeGreaterThan(0);
  for (const text of [...texts, ...log]) expect(text).not.toContain(id);
});
