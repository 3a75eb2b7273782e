import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Configuration } from "@mcp-fleet/contract/settings";
import { beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { RawClient } from "../../testkit/clients/raw-client.ts";
import { startRoles } from "../../testkit/processes/gateway.ts";
import { writtenLog } from "../../testkit/processes/written-log.ts";
import { GuardedBackend } from "../../testkit/servers/guarded-backend.ts";

const KEY = "key-4711-of-the-gateway";

let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "mcp-fleet-credentials-"));
  return () => rmSync(folder, { recursive: true });
});

/** A backend that lets in who has the header, until the end of the test. */
async function guarded(name: string, value: () => string): Promise<GuardedBackend> {
  const backend = await GuardedBackend.guard((headers) => headers[name] === value());
  onTestFinished(() => backend.stop());
  return backend;
}

type Strategy = NonNullable<NonNullable<Configuration["outgoingAuth"]>["default"]>;

const configuration = (backend: GuardedBackend, strategy: Strategy): Configuration => ({
  backends: [{ name: "b", url: backend.url }],
  outgoingAuth: { source: "inline", backends: { b: strategy } },
});

const header = (fields: object): Strategy => ({
  type: "header_injection",
  headerInjection: { headerName: "X-API-Key", ...fields },
});

function keyFile(text: string): string {
  const path = join(folder, `${Math.random()}.txt`);
  writeFileSync(path, text);
  return path;
}

describe("a backend with the strategy header_injection", () => {
  it("gets the header with every request: handshakes, lists, streams, calls and the end of a session", async () => {
    const backend = await guarded("x-api-key", () => KEY);
    const [gateway] = await startRoles(configuration(backend, header({ headerValue: KEY })));
    const client = await RawClient.open(gateway.url, "2025-11-25", { elicitation: {} });
    expect(await client.call("b_echo", { text: "hi" })).toMatchObject({ status: 200 });
    await client.end();
    await expect.poll(() => backend.count("DELETE")).toBe(1);
    await expect.poll(() => backend.count("GET")).toBe(1);
    const kinds = new Set(backend.received.map(({ kind }) => kind));
    for (const kind of ["initialize", "notifications/initialized", "tools/list", "tools/call"]) {
      expect(kinds).toContain(kind);
    }
    expect(backend.refused).toBe(0);
  });

  it.each([
    ["a value", () => ({ headerValue: KEY })],
    ["a file, with the line break at its end", () => ({ headerValueFile: keyFile(`${KEY}\n`) })],
  ])("gets it from %s", async (_, fields) => {
    const backend = await guarded("x-api-key", () => KEY);
    const [gateway] = await startRoles(configuration(backend, header(fields())));
    const client = await RawClient.open(gateway.url);
    expect((await client.call("b_echo", { text: "hi" })).text).toContain("hi");
    expect(backend.refused).toBe(0);
  });

  it("gets it from an environment variable, which is refused at the start where it is missing or has 2 lines", async () => {
    const backend = await guarded("x-api-key", () => KEY);
    const given = configuration(backend, header({ headerValueEnv: "B_KEY" }));
    const [gateway] = await startRoles(given, { environment: { B_KEY: KEY } });
    const client = await RawClient.open(gateway.url);
    expect((await client.call("b_echo", { text: "hi" })).text).toContain("hi");
    await expect(startRoles(given, { environment: {} })).rejects.toThrow(
      /B_KEY\n {2}rule {3}must be set/,
    );
    const broken = startRoles(given, { environment: { B_KEY: `${KEY}\nx: y` } });
    await expect(broken).rejects.toThrow(/B_KEY\n {2}rule {3}must be one line/);
    await expect(broken).rejects.not.toThrow(KEY);
  });

  it("is probed with the header, where it has pods", async () => {
    const backend = await guarded("x-api-key", () => KEY);
    const [gateway] = await startRoles({
      ...configuration(backend, header({ headerValue: KEY })),
      backends: [{ name: "b", urls: [backend.url] }],
      operational: { failureHandling: { healthCheckInterval: "1s", healthCheckTimeout: "1s" } },
    });
    await expect.poll(() => backend.counts.requests.ping, { timeout: 5_000 }).toBeGreaterThan(1);
    expect(backend.refused).toBe(0);
    await gateway.close();
  });

  it("is not named with its value in the log, in /status or in an error, also where the backend repeats it", async () => {
    const backend = await guarded("x-api-key", () => KEY);
    const { log, lines } = writtenLog();
    const [gateway] = await startRoles(configuration(backend, header({ headerValue: KEY })), {
      log,
    });
    const client = await RawClient.open(gateway.url);
    expect((await client.call("b_echo", { text: "hi" })).text).toContain("hi");
    backend.onHead = (_request, response) => {
      response.writeHead(401).end("no");
      return true;
    };
    const answer = await client.call("b_echo", {});
    expect(answer.text).toContain("BACKEND_REFUSED");
    const status = await new RawClient(gateway.adminUrl).send({ method: "GET", path: "/status" });
    expect(status.text).toContain('"b"');
    for (const text of [answer.text, status.text, JSON.stringify(lines)]) {
      expect(text).not.toContain(KEY);
    }
  });
});

describe("a token in a file", () => {
  it("is replaced while 40 calls of 4 sessions run: none fails, and each session stays", async () => {
    let good = "first-token";
    const backend = await guarded("authorization", () => `Bearer ${good}`);
    const tokenFile = keyFile(good);
    const strategy: Strategy = { type: "bearer_token", bearerToken: { tokenFile } };
    const [gateway] = await startRoles(configuration(backend, strategy));
    const clients = await Promise.all(Array.from({ length: 4 }, () => RawClient.open(gateway.url)));
    const calls = async (client: RawClient) => {
      const statuses = new Set<number>();
      for (let call = 0; call < 10; call += 1) {
        if (call === 5 && client === clients[0]) {
          writeFileSync(tokenFile, "second-token\n");
          good = "second-token";
        }
        const { status, text } = await client.call("b_echo", { call });
        statuses.add(text.includes(`{\\"call\\":${call}}`) ? status : -1);
      }
      return [...statuses];
    };
    expect(await Promise.all(clients.map(calls))).toEqual([[200], [200], [200], [200]]);
    expect(backend.count("initialize")).toBe(4);
    expect(backend.count("tools/call")).toBe(40);
    expect(backend.refused).toBeGreaterThan(0);
  });
});

describe("outgoingAuth.default", () => {
  it("is for the backends without a strategy of their own", async () => {
    const [one, other] = [
      await guarded("x-api-key", () => KEY),
      await GuardedBackend.guard((headers) => headers["x-api-key"] === undefined),
    ];
    onTestFinished(() => other.stop());
    const [gateway] = await startRoles({
      backends: [
        { name: "one", url: one.url },
        { name: "other", url: other.url },
      ],
      outgoingAuth: {
        default: header({ headerValue: KEY }),
        backends: { other: { type: "unauthenticated" } },
      },
    });
    const client = await RawClient.open(gateway.url);
    for (const name of ["one_echo", "other_echo"]) {
      expect((await client.call(name, { text: "hi" })).text).toContain("hi");
    }
    expect([one.refused, other.refused]).toEqual([0, 0]);
  });
});
