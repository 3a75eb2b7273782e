import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it, vi } from "vitest";
import { stringify } from "yaml";
import { readCluster } from "../../runtime/import/cluster.ts";
import { ResourceReader } from "../../runtime/import/resource-reader.ts";

const folder = mkdtempSync(join(tmpdir(), "mcp-fleet-import-"));
const asked: string[] = [];
let server: Server;

const GROUP_URL = "/apis/toolhive.stacklok.dev/v1alpha1/";
const item = (name: string) => ({ metadata: { name, namespace: "tools" }, spec: {} });

/** What an API server answers that knows MCPServers, in two pages of v1alpha1, and refuses MCPGroups in `closed`. */
function answerTo(url: URL): [status: number, body: object] {
  if (url.pathname === `${GROUP_URL}mcpservers` && url.searchParams.get("continue") === "more") {
    return [200, { metadata: {}, items: [item("c")] }];
  }
  if (url.pathname === `${GROUP_URL}mcpservers`) {
    return [200, { metadata: { continue: "more" }, items: [item("a"), item("b")] }];
  }
  if (url.pathname.endsWith("/namespaces/closed/virtualmcpservers")) {
    return [403, { kind: "Status", message: "virtualmcpservers is forbidden", code: 403 }];
  }
  return [404, { kind: "Status", code: 404 }];
}

beforeAll(async () => {
  server = createServer((request, response) => {
    const url = new URL(request.url ?? "", "http://api");
    asked.push(url.pathname + url.search);
    const [status, body] = answerTo(url);
    response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  const port = typeof address === "object" ? address?.port : undefined;
  const cluster = { server: `http://127.0.0.1:${port}`, "insecure-skip-tls-verify": true };
  const file = join(folder, "kubeconfig");
  writeFileSync(
    file,
    stringify({
      apiVersion: "v1",
      kind: "Config",
      "current-context": "here",
      clusters: [{ name: "here", cluster }],
      users: [{ name: "me", user: {} }],
      contexts: [{ name: "here", context: { cluster: "here", user: "me" } }],
    }),
  );
  vi.stubEnv("KUBECONFIG", file);
});

afterAll(() => {
  vi.unstubAllEnvs();
  server.close();
  server.closeAllConnections();
  rmSync(folder, { recursive: true, force: true });
});

it("3 resources in 2 pages of the older version are read with 29 requests, each for at most 500", async () => {
  const reader = new ResourceReader([]);
  await readCluster(reader);
  expect(reader.faults).toEqual([]);
  expect(reader.resources.map(({ kind, name }) => `${kind} ${name}`)).toEqual([
    "MCPServer a",
    "MCPServer b",
    "MCPServer c",
  ]);
  // 14 kinds in 2 versions each, and the second page.
  expect(asked).toHaveLength(29);
  expect(asked.every((path) => path.includes("limit=500"))).toBe(true);
});

it("what the API server refuses is an error: nothing is taken for absent", async () => {
  const read = readCluster(new ResourceReader([]), "closed");
  await expect(read).rejects.toThrow("forbidden");
});
