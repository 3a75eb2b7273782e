import { InputPropertiesError } from "@pulumi/pulumi";
import { describe, expect, test } from "vitest";
import { McpServer, RedisSentinel, VirtualMcpServer } from "../../infra/index.ts";
import { configurationOf, GITHUB, STORE } from "../../testkit/pulumi/components.ts";
import { RecordedStack } from "../../testkit/pulumi/recorded-stack.ts";

type Program = () => Record<string, unknown>;

const outputsOf = async (program: Program) => (await RecordedStack.of(program)).outputs;

/** Each figure of `capacity` begins with the number that `plan` has, in a unit that people read. */
const counts = (capacity: unknown, plan: unknown) =>
  Object.keys(Object(plan)).map((name) => [
    name,
    typeof Object(plan)[name],
    name in Object(capacity),
  ]);

describe("the outputs of a gateway", () => {
  const program: Program = () => {
    const { plan, capacity, workloadName, serviceName } = new VirtualMcpServer("eng", {
      name: "agents",
      sessions: 5000,
      backends: [GITHUB],
      sessionStorage: STORE,
      autoscaling: { maxReplicas: 12 },
    });
    return { plan, capacity, workloadName, serviceName };
  };

  test("have its plan as numbers: 4 pods of at most 12, and the memory of each in bytes", async () => {
    const { plan, capacity } = await outputsOf(program);
    expect(plan).toMatchObject({ replicas: 4, holding: 3, maxReplicas: 12 });
    expect(Object(plan).memory % 2 ** 20).toBe(0);
    expect(counts(capacity, plan)).toEqual(
      Object.keys(Object(capacity)).map((name) => [name, "number", true]),
    );
  });

  test("have the names of its Deployment and its Service", async () => {
    const { workloadName, serviceName } = await outputsOf(program);
    expect({ workloadName, serviceName }).toEqual({
      workloadName: "agents-gateway",
      serviceName: "agents-gateway",
    });
  });
});

describe("the outputs of a server", () => {
  const namesOf = (args: object): Promise<unknown> =>
    outputsOf(() => {
      const server = new McpServer("files", args);
      const { workloadName, proxyWorkloadName, serviceName } = server;
      return { workloadName, proxyWorkloadName, serviceName };
    });

  test("have the names of its workloads, and of the Service that leads to its proxies, or to its pods", async () => {
    expect(await namesOf({ image: "files:1", sessionStorage: STORE })).toEqual({
      workloadName: "files-server",
      proxyWorkloadName: "files-proxy",
      serviceName: "files-proxy",
    });
    expect(await namesOf({ image: "files:1" })).toEqual({
      workloadName: "files-server",
      proxyWorkloadName: "",
      serviceName: "files-server",
    });
    expect(await namesOf({ url: "https://files.example.com/mcp" })).toEqual({
      workloadName: "",
      proxyWorkloadName: "",
      serviceName: "",
    });
  });

  test("have the plans of its pods and of its proxies as numbers", async () => {
    const { plan } = await outputsOf(() => {
      const args = { image: "files:1", backendReplicas: 3, sessions: 1000, sessionStorage: STORE };
      return { plan: new McpServer("files", args).plan };
    });
    expect(plan).toMatchObject({ replicas: 3, podSessions: 1000, proxyReplicas: 2 });
  });
});

describe("the outputs of a store", () => {
  test("have its plan as numbers, and the names of its workloads", async () => {
    const { plan, workloadName, sentinelWorkloadName } = await outputsOf(() => {
      const store = new RedisSentinel("sessions", { sessions: 10_000 });
      const { workloadName: servers, sentinelWorkloadName: sentinels } = store;
      return { plan: store.plan, workloadName: servers, sentinelWorkloadName: sentinels };
    });
    const { memory, clients, volume } = Object(plan);
    expect([memory, clients, volume].map((value) => value > 0)).toEqual([true, true, true]);
    expect({ workloadName, sentinelWorkloadName }).toEqual({
      workloadName: "sessions-redis",
      sentinelWorkloadName: "sessions-sentinel",
    });
  });
});

describe("a component that is passed where a part of it is wanted", () => {
  const stackOf = (isWhole: boolean) =>
    RecordedStack.of(() => {
      const store = new RedisSentinel("sessions", { sessions: 2000, clientPods: 12 });
      const sessionStorage = isWhole ? store : store.connection;
      const server = new McpServer("files", { image: "files:1", sessionStorage });
      const backends = [isWhole ? server : server.backend, GITHUB];
      new VirtualMcpServer("eng", { sessions: 1000, backends, sessionStorage });
    });

  test("is that part: the store its connection, the server its backend", async () => {
    const [whole, parts] = [await stackOf(true), await stackOf(false)];
    expect(whole.resources.map(({ urn, inputs }) => [urn, inputs])).toEqual(
      parts.resources.map(({ urn, inputs }) => [urn, inputs]),
    );
    expect(configurationOf(whole, "eng-gateway")).toMatchObject({
      backends: [
        { name: "files", url: "http://files-proxy.default.svc.cluster.local:4483/mcp" },
        GITHUB,
      ],
      sessionStorage: { sentinel: { masterName: "mcp-fleet" } },
    });
  });

  test.each<readonly [path: string, args: (other: McpServer) => object]>([
    ["sessionStorage", (server) => ({ sessionStorage: server })],
    ["session", (server) => ({ session: server })],
    ["backends[1]", () => ({ backends: [GITHUB, new RedisSentinel("store", { sessions: 1 })] })],
  ])("is one fault where it has no such part: %s", async (path, args) => {
    let refused: unknown;
    await RecordedStack.of(() => {
      const server = new McpServer("files", { image: "files:1" });
      const all = { sessions: 100, backends: [GITHUB], sessionStorage: STORE };
      try {
        new VirtualMcpServer("eng", Object.assign(all, args(server)));
      } catch (error) {
        refused = error;
      }
    });
    if (!(refused instanceof InputPropertiesError)) throw refused;
    expect(refused.errors).toEqual([
      {
        propertyPath: path,
        reason:
          "must be a map of arguments, not a resource; pass the arguments, or the output of the resource that has them",
      },
    ]);
  });
});
