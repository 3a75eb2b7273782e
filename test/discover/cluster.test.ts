import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { validateClusterDiscovery } from "@mcp-fleet/contract/settings";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { parse } from "yaml";
import { composeDiscovery, type Discovery } from "../../runtime/discover/run-discover.ts";
import { CutLine } from "../../testkit/cluster/cut-line.ts";
import { LocalCluster } from "../../testkit/cluster/local-cluster.ts";
import { TOOLHIVE_KINDS, toolhiveKinds } from "../../testkit/cluster/toolhive-kinds.ts";
import { runCommand } from "../../testkit/processes/command-outcome.ts";
import { NodeProcess } from "../../testkit/processes/node-process.ts";
import { log } from "../../testkit/processes/test-log.ts";
import { eventually } from "../../testkit/vitest/eventually.ts";

const obstacle = LocalCluster.obstacle();
if (obstacle !== undefined) console.warn(`skipped: discovery in a real cluster (${obstacle})`);

const MAIN = join(import.meta.dirname, "../../runtime/cli/main.ts");

const GROUP_ONLY = { name: "vmcp", groupRef: "tools" };
const ALL = { ...GROUP_ONLY, discovery: { services: { labelSelector: "mcp=yes" } } };

const TIMES = { settleMs: 50, emptyMs: 1_500, repairMs: 1_000 };

const server = (name: string, spec = "") =>
  `{apiVersion: toolhive.stacklok.dev/v1beta1, kind: MCPServer, metadata: {name: ${name}}, spec: {transport: streamable-http, groupRef: {name: tools}, ${spec}}}`;

const service = (name: string) =>
  `{apiVersion: v1, kind: Service, metadata: {name: ${name}, labels: {mcp: "yes"}}, spec: {ports: [{name: mcp, port: 8000}]}}`;

/** What the component gives to the process, of the namespace default. */
const RIGHTS = `
{apiVersion: v1, kind: ServiceAccount, metadata: {name: discover}}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: discover}
rules:
  - {apiGroups: [toolhive.stacklok.dev], resources: [mcpservers, mcpremoteproxies, mcpserverentries], verbs: [get, list, watch]}
  - {apiGroups: [""], resources: [services], verbs: [get, list, watch]}
  - {apiGroups: [apps], resources: [statefulsets], verbs: [get, list, watch]}
  - {apiGroups: [""], resources: [configmaps], resourceNames: [vmcp-backends], verbs: [get, update, patch]}
`;

const BINDING = `
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: discover}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: discover}
subjects: [{kind: ServiceAccount, name: discover, namespace: default}]
`;

describe.skipIf(obstacle !== undefined)("backends found in a cluster", () => {
  let cluster: LocalCluster;
  let line: CutLine;
  let folder: string;
  /** Of the service account, through the line. */
  let kubeconfig: string;
  const running: Discovery[] = [];

  const kubectl = async (args: readonly string[], input = "") => {
    const { code, stdout, stderr } = await runCommand([...cluster.kubectl, ...args], input);
    if (code !== 0) throw new Error(`kubectl ${args.join(" ")}: ${stderr}`);
    return stdout;
  };
  const apply = (yaml: string) => kubectl(["apply", "--server-side", "-f", "-"], yaml);
  const remove = (...what: string[]) => kubectl(["delete", "--ignore-not-found", ...what]);

  const configMap = async () => {
    const { data = {}, metadata } = JSON.parse(
      await kubectl(["get", "cm", "vmcp-backends", "-o", "json"]),
    );
    const texts: Record<string, string> = data;
    return { keys: Object.keys(texts).toSorted(), texts, version: metadata.resourceVersion };
  };
  const keys = async () => (await configMap()).keys;

  /** A process that looks, as far as it is in this one. */
  const look = (configuration: object = ALL) => {
    const settings = validateClusterDiscovery({ ...configuration });
    const options = { kubeconfig, namespace: "default", times: TIMES };
    const started = composeDiscovery(settings, options, log);
    running.push(started);
    started.discoverer.start();
    return started;
  };
  const held = ({ discoverer }: Discovery) => discoverer.status().held;

  beforeAll(async () => {
    cluster = await LocalCluster.start();
    folder = mkdtempSync(join(tmpdir(), "mcp-fleet-discover-"));
    const admin = parse(readFileSync(cluster.kubeconfig, "utf8"));
    line = await CutLine.to(Number(new URL(admin.clusters[0].cluster.server).port));
    await apply(`${RIGHTS}\n---\n${BINDING}`);
    const token = (await kubectl(["create", "token", "discover", "--duration", "2h"])).trim();
    admin.clusters[0].cluster.server = `https://127.0.0.1:${line.port}`;
    admin.users[0].user = { token };
    kubeconfig = join(folder, "kubeconfig");
    writeFileSync(kubeconfig, JSON.stringify(admin));
  }, LocalCluster.START_LIMIT_MS);

  afterEach(async () => {
    await Promise.all(running.splice(0).map(({ discoverer }) => discoverer.stop()));
  });

  afterAll(async () => {
    await line?.close();
    await cluster?.stop();
    if (folder !== undefined) rmSync(folder, { recursive: true });
  });

  /** An empty ConfigMap and the kinds of ToolHive without objects. */
  const fresh = async (definitions = toolhiveKinds()) => {
    await remove("services", "-l", "mcp=yes");
    await remove(...TOOLHIVE_KINDS);
    if (definitions !== "") {
      await apply(definitions);
      await kubectl(["wait", "--for=condition=Established", "--timeout=60s", ...TOOLHIVE_KINDS]);
    }
    await remove("cm", "vmcp-backends");
    await kubectl(["create", "cm", "vmcp-backends"]);
    await apply(BINDING);
  };

  it("are 1 more with each object, change with it, and go with it, 3 of 3 kinds", async () => {
    await fresh();
    await apply(server("one"));
    const { discoverer } = look();
    await eventually(async () => expect(await keys()).toEqual(["one.yaml"]));
    expect(discoverer.notReady()).toBeUndefined();
    expect(parse((await configMap()).texts["one.yaml"] ?? "")).toEqual({
      name: "one",
      url: "http://mcp-one-proxy.default.svc.cluster.local:8080/mcp",
      transport: "streamable-http",
      metadata: { discoveredFrom: "MCPServer default/one" },
    });
    await apply([server("two"), service("three")].join("\n---\n"));
    await eventually(async () =>
      expect(await keys()).toEqual(["one.yaml", "three.yaml", "two.yaml"]),
    );
    await apply(server("one", "proxyPort: 9000"));
    await eventually(async () =>
      expect((await configMap()).texts["one.yaml"]).toContain("svc.cluster.local:9000/mcp"),
    );
    await remove("mcpserver", "two");
    await eventually(async () => expect(await keys()).toEqual(["one.yaml", "three.yaml"]));
    // It is the last of its kind, and goes once that is confirmed.
    await remove("service", "three");
    await eventually(async () => expect(await keys()).toEqual(["one.yaml"]));
  });

  it("stay when the last one vanishes, until there is another", async () => {
    await fresh();
    await apply(server("only"));
    const looking = look();
    await eventually(async () => expect(await keys()).toEqual(["only.yaml"]));
    await remove("mcpserver", "only");
    await eventually(() =>
      expect(held(looking)).toEqual(["no backend would be left: the last ones stay"]),
    );
    expect(await keys()).toEqual(["only.yaml"]);
    await apply(server("next"));
    await eventually(async () => expect(await keys()).toEqual(["next.yaml"]));
    // The write is seen in the cluster before its answer is here.
    await eventually(() => expect(held(looking)).toEqual([]));
  });

  it("are left out with the reason where a field cannot be carried over, and go at once", async () => {
    await fresh();
    await apply([server("open"), server("closed")].join("\n---\n"));
    const { discoverer } = look();
    await eventually(async () => expect(await keys()).toEqual(["closed.yaml", "open.yaml"]));
    await apply(server("closed", "externalAuthConfigRef: {name: secret}"));
    await eventually(async () => expect(await keys()).toEqual(["open.yaml"]));
    await eventually(() =>
      expect(discoverer.status().leftOut).toEqual([
        {
          object: "MCPServer default/closed",
          reason: expect.stringContaining("needs credentials"),
        },
      ]),
    );
  });

  it("stay while the API server is restarted, and follow it afterwards", async () => {
    await fresh();
    await apply([server("before"), service("plain")].join("\n---\n"));
    const looking = look();
    await eventually(async () => expect(await keys()).toEqual(["before.yaml", "plain.yaml"]));
    await cluster.killApiServer();
    await eventually(() => expect(held(looking).length).toBeGreaterThan(0));
    await cluster.startApiServer();
    expect(await keys()).toEqual(["before.yaml", "plain.yaml"]);
    await apply(server("after"));
    await eventually(async () =>
      expect(await keys()).toEqual(["after.yaml", "before.yaml", "plain.yaml"]),
    );
    await eventually(() => expect(held(looking)).toEqual([]));
  });

  it("follow the cluster after all watches were cut 3 times", async () => {
    await fresh();
    await apply(server("a"));
    look();
    for (const [index, name] of ["b", "c", "d"].entries()) {
      await eventually(async () => expect(await keys()).toHaveLength(index + 1));
      line.cut();
      await apply(server(name));
    }
    await eventually(async () => expect(await keys()).toHaveLength(4));
  });

  it("are those of Services where the cluster has no ToolHive, and of ToolHive once it has", async () => {
    await fresh("");
    await apply(service("plain"));
    const { discoverer } = look();
    await eventually(async () => expect(await keys()).toEqual(["plain.yaml"]));
    const absent = discoverer.status().sources.filter(({ state }) => state === "absent");
    expect(absent).toHaveLength(3);
    await apply(toolhiveKinds(["v1alpha1"]));
    await kubectl(["wait", "--for=condition=Established", "--timeout=60s", ...TOOLHIVE_KINDS]);
    await apply(server("old").replace("v1beta1", "v1alpha1").replace("{name: tools}", "tools"));
    await eventually(async () => expect(await keys()).toEqual(["old.yaml", "plain.yaml"]));
  });

  it("stay when the definition of their kind is deleted with all objects", async () => {
    await fresh();
    await apply([server("a"), server("b"), service("plain")].join("\n---\n"));
    const looking = look();
    await eventually(async () => expect(await keys()).toHaveLength(3));
    await remove(...TOOLHIVE_KINDS);
    await eventually(() =>
      expect(held(looking)).toEqual([expect.stringContaining("MCPServer default cannot be read")]),
    );
    await apply(service("more"));
    await eventually(async () =>
      expect(await keys()).toEqual(["a.yaml", "b.yaml", "more.yaml", "plain.yaml"]),
    );
  });

  it("stay when the rights are lost, also over a restart of the process, and follow once they are back", async () => {
    await fresh();
    await apply([server("a"), server("b")].join("\n---\n"));
    const first = look();
    await eventually(async () => expect(await keys()).toHaveLength(2));
    await remove("rolebinding", "discover");
    line.cut();
    await eventually(() => expect(held(first).join()).toMatch(/cannot be read .*forbidden/i));
    await first.discoverer.stop();
    const second = look();
    await eventually(() => expect(second.discoverer.notReady()).toMatch(/forbidden/));
    expect(await keys()).toEqual(["a.yaml", "b.yaml"]);
    await remove("mcpserver", "a");
    await apply(BINDING);
    await eventually(async () => expect(await keys()).toEqual(["b.yaml"]));
    expect(second.discoverer.notReady()).toBeUndefined();
  });

  it("are written once by 2 processes, and keep the key that a person wrote", async () => {
    await fresh();
    await kubectl(["patch", "cm", "vmcp-backends", "-p", '{"data":{"own.yaml":"name: own"}}']);
    await apply([server("a"), server("own")].join("\n---\n"));
    const [one, other] = [look(), look()];
    await eventually(async () => expect(await keys()).toEqual(["a.yaml", "own.yaml"]));
    await eventually(() => expect(one.discoverer.status()).toEqual(other.discoverer.status()));
    expect(one.discoverer.status().leftOut).toEqual([
      { object: "MCPServer default/own", reason: expect.stringContaining("somebody else") },
    ]);
    const { version, texts } = await configMap();
    expect(texts["own.yaml"]).toBe("name: own");
    const looks = async () => Number(/changes_total (\d+)/.exec(await one.metrics.text())?.[1]);
    expect(await looks()).toBeLessThanOrEqual(1);
    await apply(server("unrelated").replace("name: tools", "name: others"));
    await apply(server("a", "image: changed"));
    expect((await configMap()).version).toBe(version);
  });

  it("come back where a person removes them from the ConfigMap", async () => {
    await fresh();
    await apply([server("a"), server("b")].join("\n---\n"));
    look();
    await eventually(async () => expect(await keys()).toHaveLength(2));
    await kubectl(["patch", "cm", "vmcp-backends", "-p", '{"data":{"a.yaml":null}}']);
    await eventually(async () => expect(await keys()).toEqual(["a.yaml", "b.yaml"]));
  });

  it("are printed by --once, and published by a process that ends with exit 0", async () => {
    await fresh();
    await apply([server("a"), server("b", "externalAuthConfigRef: {name: x}")].join("\n---\n"));
    const file = join(folder, "gateway.yaml");
    writeFileSync(file, JSON.stringify(ALL));
    const command = [
      process.execPath,
      MAIN,
      "discover",
      "--config",
      file,
      "--kubeconfig",
      kubeconfig,
    ];
    const once = await runCommand([...command, "--once", "--namespace", "default"]);
    expect(once.code).toBe(0);
    const printed = parse(once.stdout);
    expect(printed).toMatchObject({ kind: "ConfigMap", metadata: { name: "vmcp-backends" } });
    expect(Object.keys(printed.data)).toEqual(["a.yaml"]);
    expect(once.stderr).toContain("left out: MCPServer default/b: it needs credentials");
    expect(await keys()).toEqual([]);

    const looking = new NodeProcess([...command.slice(1), "--admin-port", "0"]);
    const { adminUrl } = JSON.parse(await looking.nextLine(/looking for backends/));
    await eventually(async () => expect((await fetch(`${adminUrl}/readyz`)).status).toBe(200));
    expect(await keys()).toEqual(["a.yaml"]);
    expect(await (await fetch(`${adminUrl}/livez`)).json()).toEqual({ status: "ok" });
    expect(await (await fetch(`${adminUrl}/metrics`)).text()).toContain(
      "mcp_fleet_discovered_backends 1",
    );
    const ended = looking.nextLine(/ending: the ConfigMap stays/);
    looking.signal("SIGTERM");
    await ended;
    expect(await looking.exited).toBe(0);
  });
});
