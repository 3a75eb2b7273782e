import { validate } from "@mcp-fleet/contract/settings";
import { afterAll, describe, expect, it } from "vitest";
import { buildAdminServer } from "../../runtime/admin/admin-server.ts";
import { ByteBudget } from "../../runtime/async/byte-budget.ts";
import { BodyBudget } from "../../runtime/edge/body-budget.ts";
import { Metrics } from "../../runtime/telemetry/metrics.ts";
import { log } from "../../testkit/processes/test-log.ts";

const settings = validate({
  host: "0.0.0.0",
  peerHost: "Gateway-0.gateways",
  allowedHosts: ["mcp.example.com"],
  backends: [{ name: "nobody", url: "http://127.0.0.1:9/mcp" }],
});
const metrics = new Metrics();
const drained: string[] = [];
const build = (token?: string) =>
  buildAdminServer({
    probes: { notReady: () => undefined },
    metrics,
    status: { read: async () => ({}) },
    pods: {
      pods: ["a"],
      drain: async (pod) => ({ pod, at: drained.push(pod) }),
      undrain: async () => true,
    },
    onPod: () => {},
    endSessions: async () => 0,
    peers: { isPeer: () => false, serve: () => Promise.reject(new Error("nobody calls")) },
    streams: { hear: async () => true },
    bodies: new BodyBudget(settings.limits, metrics),
    messageLimits: { maxBytes: 1, budget: new ByteBudget(1, 1) },
    token,
    settings,
    log,
  });
const admin = build();
const withToken = build("secret");
afterAll(() => Promise.all([admin.close(), withToken.close()]));

const drain = { method: "POST", url: "/pods/a/drain" } as const;

describe("the admin port", () => {
  it.each([
    "10.1.2.3:9090",
    "[fd00::7]:9090",
    "localhost:9090",
    "gateway-0.gateways:9090",
    "mcp.example.com",
  ])("answers to the Host %s", async (host) => {
    const { statusCode } = await admin.inject({ url: "/status", headers: { host } });
    expect(statusCode).toBe(200);
  });

  it.each(["/", "/status", "/metrics", "/pods/a/drain", "/peer/a/b"])(
    "refuses a rebound name at %s with 403",
    async (url) => {
      const method = url.endsWith("drain") || url.startsWith("/peer") ? "POST" : "GET";
      const { statusCode } = await admin.inject({ method, url, headers: { host: "evil.example" } });
      expect([statusCode, drained]).toEqual([403, []]);
    },
  );

  it.each(["http://evil.example", "null", "http://localhost:3000"])(
    "lets a page of the origin %s drain no pod: 403",
    async (origin) => {
      const headers = { host: "localhost:9090", origin };
      const answer = await admin.inject({ ...drain, headers });
      expect([answer.statusCode, answer.json().error.data, drained]).toEqual([
        403,
        { error: "ORIGIN_FORBIDDEN" },
        [],
      ]);
    },
  );

  it("answers its own page", async () => {
    const headers = { host: "localhost:9090", origin: "http://localhost:9090" };
    expect((await admin.inject({ url: "/status", headers })).statusCode).toBe(200);
  });

  it("answers probes by any name: they say nothing, and balancers have names of their own", async () => {
    for (const url of ["/livez", "/readyz", "/health"]) {
      const { statusCode } = await admin.inject({ url, headers: { host: "balancer.example" } });
      expect(statusCode).toBe(200);
    }
  });

  it("without a token lets another machine drain no pod, and names the variable to set", async () => {
    const answer = await admin.inject({ ...drain, remoteAddress: "10.1.2.3" });
    expect([answer.statusCode, drained]).toEqual([403, []]);
    expect(answer.json().error).toContain("set MCP_FLEET_ADMIN_TOKEN");
  });

  it.each(["127.0.0.1", "::1", "::ffff:127.0.0.1"])(
    "without a token drains a pod for %s",
    async (remoteAddress) => {
      expect((await admin.inject({ ...drain, remoteAddress })).statusCode).toBe(202);
      expect(drained.splice(0)).toEqual(["a"]);
    },
  );

  it("with a token drains a pod for another machine that sends it, and for nobody without it", async () => {
    const remote = { ...drain, remoteAddress: "10.1.2.3" };
    const authorization = "Bearer secret";
    expect((await withToken.inject(drain)).statusCode).toBe(401);
    expect((await withToken.inject(remote)).statusCode).toBe(401);
    expect((await withToken.inject({ ...remote, headers: { authorization } })).statusCode).toBe(
      202,
    );
    expect(drained.splice(0)).toEqual(["a"]);
  });

  it("answers a body of 2 MB with 413, and an unknown path with 404", async () => {
    const payload = { text: "x".repeat(2_000_000) };
    const large = await admin.inject({ ...drain, payload });
    expect([large.statusCode, large.json().error.data.error]).toEqual([413, "BODY_TOO_LARGE"]);
    const unknown = await admin.inject({ url: "/elsewhere" });
    expect([unknown.statusCode, unknown.json().error.data.error]).toEqual([404, "NOT_FOUND"]);
  });
});
