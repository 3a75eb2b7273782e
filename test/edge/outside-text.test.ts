import { expect, it, onTestFinished } from "vitest";
import { RawClient } from "../../testkit/clients/raw-client.ts";
import { startGateway } from "../../testkit/processes/gateway.ts";
import { startFleet } from "../../testkit/processes/scripted-fleet.ts";
import { writtenLog } from "../../testkit/processes/written-log.ts";
import { EchoBackend } from "../../testkit/servers/echo-backend.ts";
import { Issuer } from "../../testkit/servers/issuer.ts";

const LONG = "x".repeat(1_000_000);
const request = (method: string, params: object) =>
  JSON.stringify({ jsonrpc: "2.0", id: 1, method, params });

async function startTwo() {
  const { log, lines } = writtenLog();
  const [one, two] = [await EchoBackend.start(), await EchoBackend.start()];
  onTestFinished(() => Promise.all([one.stop(), two.stop()]).then(() => {}));
  const backends = [
    { name: "one", url: one.url },
    { name: "two", url: two.url },
  ];
  const gateway = await startGateway({ backends }, { log });
  onTestFinished(() => gateway.close());
  return { gateway, lines, client: await RawClient.open(gateway.url) };
}

it.each([
  ["a method", request(LONG, {})],
  ["a tool", request("tools/call", { name: LONG })],
  ["a prompt", request("prompts/get", { name: LONG })],
  ["a URI", request("resources/read", { uri: `file:///${LONG.slice(0, 7_000)}` })],
  ["a key that is there twice", `{"jsonrpc":"2.0","id":1,"method":"ping","${LONG}":1,"${LONG}":2}`],
])(
  "names %s of 1 MB with 200 characters in its error and in 1 line of the log",
  async (_what, body) => {
    const { client, lines } = await startTwo();
    const before = lines.length;
    const { text } = await client.post(body);
    expect(text).toContain("xxx…");
    expect(text.length).toBeLessThan(1_000);
    const written = lines.slice(before).filter(({ msg }) => /fail|refused/.test(msg));
    expect(written).toHaveLength(1);
    expect(JSON.stringify(written[0]).length).toBeLessThan(2_000);
  },
);

it("leaves a line for each of 3 refused tokens, without the token, and 10 for 500", async () => {
  const { log, lines } = writtenLog();
  const issuer = await Issuer.start();
  onTestFinished(() => issuer.close());
  const jwt = { issuer: issuer.url, audience: Issuer.AUDIENCE, jwks: `${issuer.url}/jwks` };
  const backends = [{ name: "nobody", url: "http://127.0.0.1:9/mcp" }];
  const gateway = await startGateway({ backends, incomingAuth: { type: "jwt", jwt } }, { log });
  onTestFinished(() => gateway.close());
  const client = new RawClient(gateway.url);
  const refused = () => lines.filter(({ code }) => code === "UNAUTHENTICATED");
  for (let count = 1; count <= 3; count += 1) {
    expect((await client.post("{}", { authorization: "Bearer secret.of.mine" })).status).toBe(401);
    expect(refused()).toHaveLength(count);
  }
  expect(refused()[0]).toMatchObject({ address: "127.0.0.1", msg: "a request is refused" });
  for (let count = 0; count < 497; count += 1) {
    await client.post("{}", { authorization: "Bearer secret.of.mine" });
  }
  expect(refused()).toHaveLength(10);
  expect(JSON.stringify(lines)).not.toContain("secret.of.mine");
});

it("leaves a line for a refused proof and one for a change without the token on the admin port", async () => {
  const { log, lines } = writtenLog();
  const backends = [{ name: "nobody", url: "http://127.0.0.1:9/mcp" }];
  const gateway = await startGateway({ backends }, { log, adminToken: "secret" });
  onTestFinished(() => gateway.close());
  const admin = new RawClient(gateway.adminUrl);
  const headers = { "mcp-session-id": "a", authorization: "Bearer 00.00" };
  expect((await admin.send({ path: "/peer/nobody/a", headers })).status).toBe(401);
  expect((await admin.send({ path: "/pods/a/drain" })).status).toBe(401);
  const refused = lines.filter(({ msg }) => msg.endsWith("is refused"));
  expect(refused.map(({ msg }) => msg)).toEqual([
    "a request without the proof of a process of this fleet is refused",
    "a change without the admin token is refused",
  ]);
});

it("serves metrics, and nothing else, on a port of their own", async () => {
  const { gateway } = await startFleet({ metricsPort: 0 });
  const { metricsUrl = "" } = gateway;
  const metrics = await fetch(`${metricsUrl}/metrics`);
  expect(await metrics.text()).toContain("mcp_fleet_calls_total");
  for (const path of ["/status", "/livez", "/"]) {
    expect((await fetch(metricsUrl + path)).status).toBe(404);
  }
  const client = new RawClient(metricsUrl);
  const host = { host: "evil.example" };
  expect((await client.send({ method: "GET", path: "/metrics", headers: host })).status).toBe(403);
});
