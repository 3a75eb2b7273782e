import { join } from "node:path";
import { describe, expect, test } from "vitest";
import {
  BackendAuthType,
  IncomingAuthType,
  McpServer,
  NofileMode,
  RedisSentinel,
  VirtualMcpServer,
  WorkloadKind,
} from "../../infra/index.ts";
import { GITHUB, STORE } from "../../testkit/pulumi/components.ts";
import { GrowingList } from "../../testkit/pulumi/growing-list.ts";
import { RecordedStack } from "../../testkit/pulumi/recorded-stack.ts";

const monitoring = { serviceMonitor: true, grafanaDashboard: true };
const ownerKey = "b3duZXIta2V5LW9mLXRoaXJ0eS10d28tYnl0ZXMhISE=";
const sessionKeys = [{ id: "2026-11" }, { id: "2026-12", signAfter: "2026-12-01T12:00:00Z" }];
const processArgs = {
  monitoring,
  ownerKey,
  sessionKeys,
  nofile: { mode: NofileMode.NriAnnotation },
};

/** Each component as little as it may be, and with everything that it may have. */
function program(): void {
  new VirtualMcpServer("eng", { sessions: 100, backends: [GITHUB] });
  new VirtualMcpServer("eng-full", {
    sessions: 5000,
    backends: [GITHUB],
    sessionStorage: STORE,
    autoscaling: { maxReplicas: 12 },
    incomingAuth: {
      type: IncomingAuthType.Oidc,
      oidc: {
        issuer: "https://id.example.com",
        audience: "mcp",
        clientId: "gateway",
        clientSecret: "secret",
      },
    },
    discovery: {
      groupRef: "eng",
      namespaces: ["tools"],
      services: { labelSelector: "mcp=yes" },
    },
    outgoingAuth: {
      default: {
        type: BackendAuthType.HeaderInjection,
        headerInjection: { headerName: "X-API-Key", headerValue: "secret" },
      },
    },
    ingress: { host: "a.example.com" },
    httpRoute: { hostnames: ["b.example.com"], parentRefs: [{ name: "public" }] },
    ...processArgs,
  });
  new McpServer("files", { image: "files:1" });
  new McpServer("files-full", {
    image: "files:1",
    backendReplicas: 3,
    stateful: true,
    replicas: 3,
    sessionStorage: STORE,
    proxy: processArgs,
  });
  new McpServer("search", {
    image: "search:1",
    workload: WorkloadKind.Deployment,
    backendAutoscaling: { maxReplicas: 9 },
  });
  new McpServer("jira", { url: "https://jira.example.com/mcp" });
  new RedisSentinel("store", { sessions: 100 });
  new RedisSentinel("store-full", {
    sessions: 50_000,
    tls: { issuer: { name: "ca" } },
    exporter: monitoring,
  });
}

/** What a state knows resources by: the type of the parent, the type and the name. */
async function urns(): Promise<string[]> {
  const { resources } = await RecordedStack.of(program);
  return resources
    .filter(({ type }) => type !== "pulumi:pulumi:Stack")
    .map(({ urn }) => urn)
    .sort();
}

describe("the resources of each component, plain and with everything switched on", () => {
  const list = new GrowingList(join(import.meta.dirname, "urns.txt"));

  test("are all that urns.txt says: none has another type, name or parent, which would replace it", async () => {
    const now = new Set(await urns());
    const gone = list.published.filter((urn) => !now.has(urn));
    expect(gone, "stacks that are deployed would lose these").toEqual([]);
  });

  test("are all in urns.txt (UPDATE_URNS=1 adds those that are new)", async () => {
    const now = await urns();
    if (process.env.UPDATE_URNS === "1") list.add(now);
    expect(list.missing(now), "run with UPDATE_URNS=1").toEqual([]);
  });

  test("have each a URN of their own", async () => {
    const now = await urns();
    expect(now).toEqual([...new Set(now)]);
  });
});
