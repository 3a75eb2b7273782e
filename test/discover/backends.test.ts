import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { isSection, valueAt } from "@mcp-fleet/contract";
import { validate } from "@mcp-fleet/contract/settings";
import { describe, expect, it } from "vitest";
import { parse, parseAllDocuments } from "yaml";
import { type BackendSet, backendSet } from "../../runtime/discover/backend-set.ts";
import { KINDS } from "../../runtime/discover/kinds.ts";
import { KubeObject } from "../../runtime/discover/kube-object.ts";
import { hostKind } from "../../runtime/discover/private-host.ts";

const LIMITS = { maxBackends: 64, clusterDomain: "cluster.local", foreign: new Map() };

/** The set that these objects make, each written as YAML. */
function setOf(
  texts: readonly string[],
  limits = LIMITS,
  published: BackendSet["entries"] = new Map(),
) {
  const bodies: unknown[] = texts.map((text) => parse(text));
  const sources = KINDS.map((kind) => ({
    key: `${kind.name} tools`,
    kind,
    objects: bodies
      .filter((body) => valueAt(body, ["kind"]) === kind.name)
      .map((body) => new KubeObject(kind.name, body)),
  }));
  const { entries, leftOut, isKeptWhole } = backendSet(sources, published, limits);
  return {
    backends: Object.fromEntries(
      [...entries].map(([name, { text }]) => {
        const { metadata: _, name: __, ...entry } = parse(text);
        return [name, entry];
      }),
    ),
    leftOut: Object.fromEntries(leftOut),
    isKeptWhole,
    entries,
  };
}

const object = (kind: string, name: string, rest: string) =>
  `{kind: ${kind}, metadata: {name: ${name}, namespace: tools, creationTimestamp: "2026-01-01T00:00:00Z"}, ${rest}}`;

const annotated = (kind: string, name: string, annotations: string, rest: string) =>
  object(kind, name, rest).replace(
    "namespace: tools",
    `namespace: tools, annotations: {${annotations}}`,
  );

const FOUND = [
  [
    "an MCPServer, at the Service that ToolHive makes for its proxy",
    object("MCPServer", "a", "spec: {transport: sse, proxyPort: 9000}"),
    { url: "http://mcp-a-proxy.tools.svc.cluster.local:9000/sse", transport: "sse" },
  ],
  [
    "an MCPServer on standard input and output, by its proxyMode",
    object("MCPServer", "a", "spec: {transport: stdio, proxyMode: sse}"),
    { url: "http://mcp-a-proxy.tools.svc.cluster.local:8080/sse", transport: "sse" },
  ],
  [
    "an MCPServer with a URL in its status, without what is after #",
    object(
      "MCPServer",
      "a",
      'spec: {transport: sse}, status: {url: "http://mcp-a-proxy.tools.svc:8080/sse#a"}',
    ),
    { url: "http://mcp-a-proxy.tools.svc:8080/sse", transport: "sse" },
  ],
  [
    "an MCPRemoteProxy",
    object("MCPRemoteProxy", "a", "spec: {remoteUrl: https://elsewhere.example/mcp}"),
    {
      url: "http://mcp-a-remote-proxy.tools.svc.cluster.local:8080/mcp",
      transport: "streamable-http",
    },
  ],
  [
    "an MCPServerEntry",
    object("MCPServerEntry", "a", "spec: {remoteUrl: https://mcp.example.com/mcp, transport: sse}"),
    { url: "https://mcp.example.com/mcp", type: "entry", transport: "sse" },
  ],
  [
    "a Service with one port",
    object("Service", "a", "spec: {clusterIP: 10.96.0.9, ports: [{port: 80}]}"),
    { url: "http://a.tools.svc.cluster.local:80/mcp" },
  ],
  [
    "a Service whose annotations say port, path, transport and state",
    annotated(
      "Service",
      "a",
      'mcp-fleet.dev/backend-port: web, mcp-fleet.dev/backend-path: /events, mcp-fleet.dev/backend-transport: sse, mcp-fleet.dev/backend-stateful: "true"',
      "spec: {ports: [{name: mcp, port: 80}, {name: web, port: 81}]}",
    ),
    { url: "http://a.tools.svc.cluster.local:81/events", transport: "sse", stateful: true },
  ],
  [
    "a headless Service, by its SRV record",
    object("Service", "a", "spec: {clusterIP: None, ports: [{name: mcp, port: 80}]}"),
    { srv: "_mcp._tcp.a.tools.svc.cluster.local", path: "/mcp" },
  ],
  [
    "a StatefulSet",
    object(
      "StatefulSet",
      "a",
      "spec: {serviceName: b, replicas: 3, template: {spec: {containers: [{ports: [{containerPort: 8000}]}]}}}",
    ),
    {
      statefulSet: {
        name: "a",
        service: "b",
        namespace: "tools",
        replicas: 3,
        port: 8000,
        clusterDomain: "cluster.local",
      },
      path: "/mcp",
    },
  ],
] as const;

const LEFT_OUT = [
  [
    "an MCPServer with credentials",
    object("MCPServer", "a", "spec: {externalAuthConfigRef: {name: x}}"),
    "it needs credentials (spec.externalAuthConfigRef)",
  ],
  [
    "an MCPServerEntry with headers",
    object(
      "MCPServerEntry",
      "a",
      "spec: {remoteUrl: https://x.example, headerForward: {addPlaintextHeaders: {A: b}}}",
    ),
    "it needs headers",
  ],
  [
    "an MCPServerEntry with a CA",
    object(
      "MCPServerEntry",
      "a",
      "spec: {remoteUrl: https://x.example, caBundleRef: {configMapRef: {name: x}}}",
    ),
    "it needs a CA certificate",
  ],
  [
    "an MCPServerEntry within the private network",
    object("MCPServerEntry", "a", "spec: {remoteUrl: http://10.0.0.1/mcp}"),
    "set spec.allowPrivateEndpoint: true",
  ],
  [
    "an MCPServerEntry at the address where clouds give out credentials, though it may be private",
    object(
      "MCPServerEntry",
      "a",
      "spec: {remoteUrl: http://169.254.169.254/mcp, allowPrivateEndpoint: true}",
    ),
    "must not be a loopback or link-local address",
  ],
  [
    "an MCPServerEntry without a URL",
    object("MCPServerEntry", "a", "spec: {remoteUrl: 7}"),
    "spec.remoteUrl must be a URL",
  ],
  [
    "an MCPServerEntry with a password in its URL",
    object("MCPServerEntry", "a", "spec: {remoteUrl: https://user:secret@x.example/mcp}"),
    "without a user name, password or fragment",
  ],
  [
    "a transport that is none",
    object("MCPServer", "a", "spec: {transport: carrier-pigeon}"),
    'its transport must be one of streamable-http, sse and is "carrier-pigeon"',
  ],
  [
    "an annotation that is neither true nor false",
    annotated("Service", "a", "mcp-fleet.dev/backend-stateful: yes!", "spec: {ports: [{port: 1}]}"),
    'must be "true" or "false" and is "yes!"',
  ],
  [
    "a Service with two ports and none called mcp",
    object("Service", "a", "spec: {ports: [{name: x, port: 1}, {name: y, port: 2}]}"),
    "it has 2 ports: call one of them mcp",
  ],
  [
    "a Service that is only a name for a host elsewhere",
    object(
      "Service",
      "a",
      "spec: {type: ExternalName, externalName: x.example, ports: [{port: 1}]}",
    ),
    "it is an ExternalName",
  ],
  [
    "a StatefulSet without pods",
    object("StatefulSet", "a", "spec: {serviceName: b, replicas: 0}"),
    "it has no pods",
  ],
  [
    "a name of 64 characters",
    object("MCPServer", "a".repeat(64), "spec: {}"),
    "name must be 1 to 63 letters",
  ],
  [
    "a URL of 3,000 characters",
    object("MCPServerEntry", "a", `spec: {remoteUrl: https://x.example/${"y".repeat(3_000)}}`),
    "its URL must have at most 2048 characters",
  ],
  [
    "a name for a hidden file",
    annotated("Service", "a", "mcp-fleet.dev/backend-name: ..data", "spec: {ports: [{port: 1}]}"),
    "its name must begin with a letter or digit",
  ],
] as const;

describe("a backend", () => {
  it.each(FOUND)("is %s", (_, text, expected) => {
    const { backends, leftOut } = setOf([text]);
    expect(leftOut).toEqual({});
    expect(backends).toEqual({ a: expected });
  });

  it.each(LEFT_OUT)("is not %s, with the reason", (_, text, reason) => {
    const { backends, leftOut } = setOf([text]);
    expect(backends).toEqual({});
    expect(Object.values(leftOut)).toEqual([expect.stringContaining(reason)]);
  });

  it("is not what is being deleted, and not the Service of a StatefulSet that is one", () => {
    const set = object(
      "StatefulSet",
      "a",
      "spec: {serviceName: b, template: {spec: {containers: [{ports: [{containerPort: 1}]}]}}}",
    );
    const governing = object(
      "Service",
      "b",
      "spec: {clusterIP: None, ports: [{name: mcp, port: 1}]}",
    );
    const leaving = object("MCPServer", "c", "spec: {}").replace(
      "namespace",
      "deletionTimestamp: now, namespace",
    );
    const { backends, leftOut } = setOf([set, governing, leaving]);
    expect(Object.keys(backends)).toEqual(["a"]);
    expect(leftOut).toEqual({ "Service tools/b": "StatefulSet tools/a stands for its pods" });
  });

  it.each(["{}", "{kind: MCPServer}", "{kind: MCPServer, metadata: 7, spec: [1], status: x}"])(
    "is never a defect: %s",
    (text) => {
      expect(() => setOf([text])).not.toThrow();
    },
  );
});

describe("a set of backends", () => {
  const server = (name: string, day: string, more = "") =>
    object("MCPServer", name, "spec: {}")
      .replace("2026-01-01", day)
      .replace("namespace: tools", `namespace: tools${more}`);
  const alias = (name: string) => `, annotations: {mcp-fleet.dev/backend-name: ${name}}`;

  it("gives a name to the object that had it, else to the older of two", () => {
    const texts = [
      server("x", "2026-03-01", alias("same")),
      server("y", "2026-02-01", alias("same")),
    ];
    const first = setOf(texts);
    expect(first.entries.get("same")?.object).toBe("MCPServer tools/y");
    expect(first.leftOut).toEqual({
      "MCPServer tools/x": expect.stringContaining("is that of MCPServer tools/y"),
    });
    const older = server("z", "2020-01-01", alias("same"));
    expect(setOf([...texts, older], LIMITS, first.entries).entries.get("same")?.object).toBe(
      "MCPServer tools/y",
    );
  });

  it("has at most as many as are allowed, the first ones, and names the others", () => {
    const texts = ["a", "b", "c"].map((name, index) => server(name, `2026-0${3 - index}-01`));
    const { backends, leftOut } = setOf(texts, { ...LIMITS, maxBackends: 2 });
    expect(Object.keys(backends)).toEqual(["c", "b"]);
    expect(leftOut).toEqual({
      "MCPServer tools/a": "there are 2 backends already: raise discovery.maxBackends",
    });
  });

  it("fits into a ConfigMap: of 100 with long URLs 51 find room beside 900,000 bytes of others", () => {
    const texts = Array.from({ length: 100 }, (_, index) =>
      object(
        "MCPServerEntry",
        `e${index}`,
        `spec: {remoteUrl: https://x.example/${"y".repeat(1_800)}}`,
      ),
    );
    const foreign = new Map([["notes", "z".repeat(900_000)]]);
    const { entries, leftOut } = setOf(texts, { ...LIMITS, maxBackends: 100, foreign });
    let bytes = 0;
    for (const [name, { text }] of entries) bytes += `${name}.yaml`.length + text.length;
    expect(bytes).toBeLessThanOrEqual(100_000 - "notes".length);
    expect(entries.size).toBe(51);
    expect(Object.keys(leftOut)).toHaveLength(49);
    expect(Object.values(leftOut)[0]).toContain("the ConfigMap has no room");
  });

  it("keeps what is published of a source that cannot be read", () => {
    const { entries } = setOf([server("a", "2026-01-01")]);
    const [mcpServers] = KINDS;
    if (mcpServers === undefined) throw new Error("no kinds");
    const unread = { key: "MCPServer tools", kind: mcpServers, objects: undefined };
    expect([...backendSet([unread], entries, LIMITS).entries.keys()]).toEqual(["a"]);
  });

  it("is never emptied by objects that vanish, and is by one that may not be open", () => {
    const { entries } = setOf([server("a", "2026-01-01")]);
    expect(setOf([], LIMITS, entries)).toMatchObject({ isKeptWhole: true, entries });
    const closed = object("MCPServer", "a", "spec: {externalAuthConfigRef: {name: x}}");
    expect(setOf([closed], LIMITS, entries)).toMatchObject({ isKeptWhole: false, backends: {} });
  });
});

describe("a host", () => {
  it.each([
    ["http://127.0.0.1/", "own"],
    ["http://[::ffff:127.0.0.1]/", "own"],
    ["http://0x7f.1/", "own"],
    ["http://localhost./", "own"],
    ["http://metadata.google.internal/", "own"],
    ["http://[fe80::1]/", "own"],
    ["http://192.168.1.1/", "private"],
    ["http://[fd00::1]/", "private"],
    ["http://a.b.svc.k8s.example/", "private"],
    ["http://redis/", "private"],
    ["https://mcp.example.com/", "public"],
    ["https://8.8.8.8/", "public"],
  ])("of %s is %s", (url, kind) => {
    expect(hostKind(url)).toBe(kind);
  });
});

const RESOURCES =
  process.env.TOOLHIVE_RESOURCES ?? join(import.meta.dirname, "../../../shared/data/toolhive");
if (!existsSync(RESOURCES))
  console.warn("skipped: public resources of ToolHive (TOOLHIVE_RESOURCES)");

describe.skipIf(!existsSync(RESOURCES))("public resources of ToolHive", () => {
  it("are backends that a gateway accepts, or are left out with a reason, all of them", () => {
    const counts = { objects: 0, backends: 0, leftOut: 0 };
    for (const file of readdirSync(RESOURCES).filter((name) => name.endsWith(".yaml"))) {
      for (const document of parseAllDocuments(readFileSync(join(RESOURCES, file), "utf8"))) {
        const body: unknown = document.toJS();
        const kind = KINDS.find(({ name }) => name === valueAt(body, ["kind"]));
        if (!isSection(body) || !kind?.isOfToolhive) continue;
        const found = new KubeObject(kind.name, body);
        const sources = [{ key: `${kind.name} x`, kind, objects: [found] }];
        const { entries, leftOut } = backendSet(sources, new Map(), LIMITS);
        counts.objects += 1;
        counts.leftOut += leftOut.size;
        for (const { text } of entries.values()) {
          counts.backends += 1;
          expect(() => validate({ backends: [parse(text)] })).not.toThrow();
        }
      }
    }
    expect(counts.backends + counts.leftOut).toBe(counts.objects);
    expect(counts).toEqual({ objects: 117, backends: 103, leftOut: 14 });
  });
});
