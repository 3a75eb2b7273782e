import { afterAll, beforeAll, expect, it } from "vitest";
import { RawClient } from "../../testkit/clients/raw-client.ts";
import { type RunningRole, startGateway } from "../../testkit/processes/gateway.ts";
import { EchoBackend } from "../../testkit/servers/echo-backend.ts";

let echo: EchoBackend;
let gateway: RunningRole;

beforeAll(async () => {
  echo = await EchoBackend.start();
  gateway = await startGateway({
    backends: [{ name: "echo", url: echo.url }],
    session: { maxSessions: 1 },
  });
});
afterAll(async () => {
  await gateway.close();
  await echo.stop();
});

it("with maxSessions 1 the second initialize is 503 with Retry-After and its id, and goes well after a DELETE", async () => {
  const first = await RawClient.open(gateway.url);
  const second = new RawClient(gateway.url);
  const refused = await second.initialize({ protocolVersion: "2025-11-25" });
  const { id, error } = JSON.parse(refused.text);
  expect([refused.status, id, error.code]).toEqual([503, 0, -32000]);
  expect(error.data.error).toBe("AT_CAPACITY");
  expect(refused.headers["retry-after"]).toMatch(/^[1-9]\d*$/);
  expect(refused.headers["mcp-fleet-not-processed"]).toBe("true");
  expect(refused.headers).not.toHaveProperty("mcp-session-id");

  const ping = '{"jsonrpc":"2.0","id":1,"method":"ping"}';
  expect((await first.post(ping)).status).toBe(200);
  expect((await first.send({ method: "DELETE" })).status).toBe(204);
  expect((await second.initialize({ protocolVersion: "2025-11-25" })).status).toBe(200);
});
