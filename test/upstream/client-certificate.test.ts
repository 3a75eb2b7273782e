import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ConfigError } from "@mcp-fleet/contract";
import { validate } from "@mcp-fleet/contract/settings";
import { pino } from "pino";
import { beforeEach, describe, expect, it, test } from "vitest";
import { ClientCertificate } from "../../runtime/upstream/client-certificate.ts";
import { RawClient } from "../../testkit/clients/raw-client.ts";
import { startRoles } from "../../testkit/processes/gateway.ts";
import { EchoBackend } from "../../testkit/servers/echo-backend.ts";
import { MutualTls, TestAuthority } from "../../testkit/servers/mutual-tls.ts";

let folder: string;
let authority: TestAuthority;
let clientCertificate: { certFile: string; keyFile: string };

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "mcp-fleet-mtls-"));
  authority = new TestAuthority(folder);
  clientCertificate = { certFile: join(folder, "tls.crt"), keyFile: join(folder, "tls.key") };
  write(authority.sign("one"));
  return () => rmSync(folder, { recursive: true });
});

function write({ cert, key }: { cert: string; key: string }): void {
  writeFileSync(clientCertificate.certFile, cert);
  writeFileSync(clientCertificate.keyFile, key);
}

describe.each(["gateway", "proxy"] as const)("a %s before a server with mutual TLS", (role) => {
  const name = role === "gateway" ? "b_" : "";

  it("shows its certificate, and a renewed one without a restart: 1 call in flight and its session live on", async () => {
    const backend = await EchoBackend.start();
    const front = await MutualTls.start(authority, backend.url);
    const [{ url }] = await startRoles(
      {
        backends: [
          { name: "b", url: front.url, caBundlePath: authority.certFile, clientCertificate },
        ],
        operational: { failureHandling: { healthCheckInterval: "1h" } },
      },
      { role },
    );
    try {
      const client = await RawClient.open(url);
      expect((await client.call(`${name}echo`, { text: "hi" })).text).toContain("hi");
      expect(new Set(front.clients)).toEqual(new Set(["one"]));
      const sessions = backend.count("initialize");
      const slow = client.call(`${name}slow`, { text: "slow" });
      await expect.poll(() => backend.calls.length).toBe(2);
      write(authority.sign("two"));
      await expect
        .poll(
          async () => {
            await client.call(`${name}echo`, { text: "again" });
            return front.clients;
          },
          { timeout: 20_000 },
        )
        .toContain("two");
      const connections = front.clients.length;
      await client.call(`${name}echo`, { text: "more" });
      expect(front.clients.slice(connections - 1)).toEqual(["two"]);
      backend.release();
      expect((await slow).text).toContain("slow");
      expect(backend.count("initialize")).toBe(sessions);
    } finally {
      await front.close();
      await backend.stop();
    }
  });
});

describe("a pair of files", () => {
  const opened = () =>
    new ClientCertificate("b", clientCertificate, pino({ level: "silent" }), () => {});

  it("is not taken over while the two do not belong together", async () => {
    const before = authority.sign("before");
    const after = authority.sign("after");
    write(before);
    const certificate = opened();
    writeFileSync(clientCertificate.certFile, after.cert);
    writeFileSync(clientCertificate.keyFile, "no key");
    expect(certificate.pair).toEqual(before);
    writeFileSync(clientCertificate.keyFile, after.key);
    await expect.poll(() => certificate.pair, { timeout: 10_000 }).toEqual(after);
    certificate.close();
  });

  test.each<[string, () => void, string]>([
    ["no certificate", () => writeFileSync(clientCertificate.certFile, "x"), "a certificate"],
    ["no key", () => writeFileSync(clientCertificate.keyFile, "x"), "a private key"],
    [
      "another key",
      () => writeFileSync(clientCertificate.keyFile, authority.sign("other").key),
      "the key of the certificate",
    ],
    ["no file", () => rmSync(clientCertificate.keyFile), "can be read"],
  ])("with %s is a fault of the configuration", (_, spoil, rule) => {
    spoil();
    expect(opened).toThrow(ConfigError);
    expect(opened).toThrow(rule);
  });

  it("is refused where nothing would be shown: the address is http", () => {
    const backends = [{ name: "b", url: "http://b/mcp", clientCertificate }];
    expect(() => validate({ backends })).toThrow("unless the server's address is https");
  });
});
