import { existsSync, mkdtempSync, readFileSync, renameSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Configuration } from "@mcp-fleet/contract/settings";
import { pino } from "pino";
import { beforeAll, beforeEach, describe, expect, it, onTestFinished } from "vitest";
import { AuditQueue } from "../../runtime/audit/audit-queue.ts";
import type { AuditSink } from "../../runtime/audit/audit-sink.ts";
import { Metrics } from "../../runtime/telemetry/metrics.ts";
import { RawClient } from "../../testkit/clients/raw-client.ts";
import { startRoles } from "../../testkit/processes/gateway.ts";
import { EchoBackend } from "../../testkit/servers/echo-backend.ts";
import { Issuer } from "../../testkit/servers/issuer.ts";

type Audit = NonNullable<Configuration["audit"]>;

let backend: EchoBackend;
let logFile: string;

beforeAll(async () => {
  backend = await EchoBackend.start();
  return () => backend.stop();
});

beforeEach(() => {
  const folder = mkdtempSync(join(tmpdir(), "mcp-fleet-audit-"));
  logFile = join(folder, "audit.log");
  return () => rmSync(folder, { recursive: true });
});

async function start(audit: Audit = {}, more: object = {}) {
  const [gateway] = await startRoles({
    name: "fleet",
    backends: [{ name: "b", url: backend.url }],
    audit: { enabled: true, logFile, ...audit },
    ...more,
  });
  return gateway;
}

const eventsIn = (file: string) =>
  readFileSync(file, "utf8")
    .split("\n")
    .filter(Boolean)
    .map((line) => JSON.parse(line));

/** The events of a type, once there are so many. */
async function events(type: string, count = 1) {
  const found = () => eventsIn(logFile).filter((event) => event.type === type);
  await expect.poll(() => found().length).toBe(count);
  return found();
}

describe("an audit event", () => {
  it("says in ToolHive's model who called what from where, with which outcome, and where it ran", async () => {
    const gateway = await start();
    const client = await RawClient.open(gateway.url);
    await client.call("b_echo", { text: "hidden" });
    const [event] = await events("mcp_tool_call");
    expect(event).toMatchObject({
      msg: "audit_event",
      type: "mcp_tool_call",
      outcome: "success",
      component: "fleet",
      source: { type: "network", value: "127.0.0.1" },
      subjects: { user: "anonymous", client_name: "raw", client_version: "1" },
      target: { endpoint: "/mcp", method: "tools/call", type: "tool", name: "b_echo" },
      metadata: { extra: { backend_name: "b", transport: "http" } },
    });
    expect(event.metadata.auditId).toBe(event.audit_id);
    expect(Date.parse(event.loggedAt)).toBeGreaterThan(Date.now() - 60_000);
    expect(event.data).toBeUndefined();
    expect(readFileSync(logFile, "utf8")).not.toContain(client.sessionId);
  });

  it("has data as far as they are wanted, short enough and not redacted", async () => {
    const redact = ["password", "sk-[a-z]+"];
    const gateway = await start({ includeRequestData: true, includeResponseData: true, redact });
    const client = await RawClient.open(gateway.url);
    await client.call("b_echo", { password: "p", note: "key sk-abc, too" });
    await client.call("b_echo", { long: "x".repeat(2_000) });
    const [short, long] = await events("mcp_tool_call", 2);
    expect(short.data.request.arguments).toEqual({
      password: "[redacted]",
      note: "key [redacted], too",
    });
    expect(JSON.stringify(short.data.response)).not.toContain("sk-abc");
    expect(long.data).toBeUndefined();
    expect(long.metadata.extra.response_size_bytes).toBeGreaterThan(2_000);
  });

  it("is written of types that are included and not excluded: 2 of 5 calls", async () => {
    const gateway = await start({
      eventTypes: ["mcp_ping", "mcp_tools_list"],
      excludeEventTypes: ["mcp_ping"],
    });
    const client = await RawClient.open(gateway.url);
    for (const method of ["ping", "tools/list", "ping", "tools/list", "ping"]) {
      await client.post(JSON.stringify({ jsonrpc: "2.0", id: 1, method }));
    }
    await events("mcp_tools_list", 2);
    expect(eventsIn(logFile)).toHaveLength(2);
  });

  it("calls an error inside a response application_error, unless detectApplicationErrors is off", async () => {
    backend.on("tools/call", (exchange) => {
      const { fails } = Object(exchange.received.params.arguments);
      if (!fails) return backend.echo(exchange);
      exchange.result({ content: [], isError: true });
    });
    const outcomes = async (audit: Audit) => {
      const gateway = await start(audit);
      const client = await RawClient.open(gateway.url);
      await client.call("b_echo", { fails: true });
      await client.call("unknown", {});
      return (await events("mcp_tool_call", 2)).map(({ outcome }) => outcome);
    };
    expect(await outcomes({})).toEqual(["application_error", "failure"]);
    rmSync(logFile);
    expect(await outcomes({ detectApplicationErrors: false })).toEqual(["success", "failure"]);
  });

  it("is there for a login, a refused token, actors of a token, a limit, an end of sessions and a drain", async () => {
    const issuer = await Issuer.start();
    onTestFinished(() => issuer.close());
    const jwt = { issuer: issuer.url, audience: Issuer.AUDIENCE, jwks: issuer.url };
    const gateway = await start(
      { maxDelegationDepth: 1 },
      {
        incomingAuth: { type: "jwt", jwt },
        rateLimiting: { tools: [{ name: "b_echo", shared: { maxTokens: 1, refillPeriod: "1m" } }] },
      },
    );
    const act = { sub: "agent", act: { sub: "further" } };
    const authorization = `Bearer ${await issuer.token({ sub: "alice", more: { email: "a@b.c", act } })}`;
    const client = new RawClient(gateway.url);
    const params = {
      protocolVersion: "2025-11-25",
      capabilities: {},
      clientInfo: { name: "a", version: "1" },
    };
    const initialize = JSON.stringify({ jsonrpc: "2.0", id: 0, method: "initialize", params });
    const opened = await client.post(initialize, { authorization });
    await client.post(initialize, { authorization: "Bearer nonsense" });
    const call = JSON.stringify({
      jsonrpc: "2.0",
      id: 1,
      method: "tools/call",
      params: { name: "b_echo" },
    });
    const session = { authorization, "mcp-session-id": String(opened.headers["mcp-session-id"]) };
    for (const _ of [1, 2]) await client.post(call, session);
    const query = new URLSearchParams({ issuer: issuer.url, subject: "alice" });
    await fetch(`${gateway.adminUrl}/sessions?${query}`, { method: "DELETE" });

    const logins = await events("login", 2);
    expect(logins.map(({ outcome }) => outcome)).toEqual(["success", "denied"]);
    expect(logins[0].subjects).toMatchObject({
      user: "a@b.c",
      user_id: "alice",
      delegated_to: "agent",
    });
    expect((await events("limit_reached"))[0].target).toMatchObject({
      limit: "tools.b_echo.shared",
      error: "RATE_LIMIT_EXCEEDED",
    });
    expect((await events("administration"))[0].target).toMatchObject({
      action: "end_sessions",
      subject: "alice",
      ended: "1",
    });
    expect((await events("session_ended"))[0].target.reason).toBe("revoked");
    expect(readFileSync(logFile, "utf8")).not.toContain(authorization);
  });
});

describe("the file of audit events", () => {
  it("is opened again where somebody renamed it, and loses 0 of 2 events", async () => {
    const gateway = await start({ eventTypes: ["mcp_tool_call"] });
    const client = await RawClient.open(gateway.url);
    await client.call("b_echo", { call: 1 });
    await events("mcp_tool_call");
    renameSync(logFile, `${logFile}.old`);
    await expect
      .poll(
        async () => {
          await client.call("b_echo", {});
          return existsSync(logFile);
        },
        { timeout: 5_000, interval: 300 },
      )
      .toBe(true);
    await expect.poll(() => eventsIn(logFile).length).toBeGreaterThan(0);
    expect(eventsIn(`${logFile}.old`).length).toBeGreaterThan(0);
  });

  it("is renamed at rotateBytes, and 2 such files are kept", async () => {
    const gateway = await start({
      eventTypes: ["mcp_tool_call"],
      includeRequestData: true,
      maxDataSize: "64Ki",
      rotateBytes: "64Ki",
      rotatedFiles: 2,
    });
    const client = await RawClient.open(gateway.url);
    for (let call = 0; call < 10; call += 1) {
      await client.call("b_echo", { text: "x".repeat(40_000) });
      const files = () =>
        [logFile, `${logFile}.1`, `${logFile}.2`].filter((one) => existsSync(one));
      await expect
        .poll(() => files().reduce((sum, file) => sum + eventsIn(file).length, 0))
        .toBeGreaterThanOrEqual(Math.min(call + 1, 4));
    }
    expect(existsSync(`${logFile}.2`)).toBe(true);
    expect(existsSync(`${logFile}.3`)).toBe(false);
  });

  it("that cannot be opened is a fault at start, which names the field", async () => {
    await expect(start({ logFile: join(logFile, "nowhere") })).rejects.toMatchObject({
      faults: [{ path: "audit.logFile" }],
    });
  });
});

/** A sink that fails until it is told otherwise, as a full disk does. */
class FullDisk implements AuditSink {
  readonly name = "full";
  readonly written: string[] = [];
  isFull = true;

  async write(lines: Buffer): Promise<void> {
    if (this.isFull) throw new Error("ENOSPC");
    this.written.push(...lines.toString().trim().split("\n"));
  }

  async close(): Promise<void> {}
}

describe("events that come faster than they are written", () => {
  const log = pino({ level: "silent" });

  it("are lost beyond 10, and counted; the others are written once there is room again, in their order", async () => {
    const [sink, metrics] = [new FullDisk(), new Metrics()];
    const settings = { queueEvents: 10, queueBytes: 1_000 };
    const queue = new AuditQueue({ settings, sink, metrics, log });
    for (let event = 0; event < 15; event += 1) queue.push(`${event}\n`);
    expect((await metrics.auditDropped.get()).values[0]?.value).toBe(5);
    await expect
      .poll(async () => (await metrics.auditFailures.get()).values[0]?.value)
      .toBeGreaterThan(0);
    sink.isFull = false;
    await expect.poll(() => sink.written).toEqual(Array.from({ length: 10 }, (_, at) => `${at}`));
    queue.push("again\n");
    await queue.close();
    expect(sink.written.at(-1)).toBe("again");
  });

  it("have room set aside for what may run, and none for more", () => {
    const settings = { queueEvents: 3, queueBytes: 1_000 };
    const queue = new AuditQueue({ settings, sink: new FullDisk(), metrics: new Metrics(), log });
    expect([1, 2, 3, 4].map(() => queue.reserve(100))).toEqual([true, true, true, false]);
    queue.free(100);
    expect(queue.reserve(901)).toBe(false);
    expect(queue.reserve(100)).toBe(true);
  });

  it("refuse calls under 200 with onOverload refuse, where a call has no room for its event", async () => {
    const gateway = await start({
      onOverload: "refuse",
      queueBytes: "64Ki",
      includeRequestData: true,
      maxDataSize: "64Ki",
      eventTypes: ["mcp_tool_call"],
    });
    const client = await RawClient.open(gateway.url);
    const answer = await client.call("b_echo", {});
    expect(answer.status).toBe(200);
    expect(JSON.parse(answer.text).error.data).toMatchObject({ error: "AUDIT_UNAVAILABLE" });
  });
});
