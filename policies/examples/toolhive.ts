import { annotationOf } from "@mcp-fleet/contract";
import type { ResourceDescription } from "../stack/resource.ts";
import { annotations, type Json } from "./edit.ts";
import { image, manifest } from "./manifest.ts";

const API = "toolhive.stacklok.dev/v1beta1";
const GROUP = "engineering";

/** Longer than ToolHive's own drain of 30 s. */
const GRACE = { spec: { terminationGracePeriodSeconds: 60 } } as const;

/** ToolHive's gateway `eng` for 1,000 sessions, with two pods and a Redis, in front of the MCP server `github`. */
export function toolHiveStack(): ResourceDescription[] {
  return [
    manifest(`${API}:MCPGroup`, GROUP, { spec: { description: "What engineers use" } }),
    manifest(`${API}:VirtualMCPServer`, "eng", {
      metadata: {
        annotations: annotations({ sessions: 1000 }) as Readonly<Record<string, string>>,
      },
      spec: {
        groupRef: { name: GROUP },
        incomingAuth: { type: "oidc", oidcConfigRef: { name: "id", audience: "mcp" } },
        replicas: 2,
        sessionAffinity: "None",
        sessionStorage: sessionStorage("thv:vmcp:eng:"),
        podTemplateSpec: GRACE,
        config: { compositeTools: [WORKFLOW] },
      },
    }),
    manifest(`${API}:MCPServer`, "github", {
      metadata: {
        annotations: {
          [annotationOf("acceptRisks")]: JSON.stringify({ belowPlan: "calls end within seconds" }),
        },
      },
      spec: {
        groupRef: { name: GROUP },
        image: image("github-mcp"),
        transport: "streamable-http",
        replicas: 2,
        backendReplicas: 1,
        sessionAffinity: "None",
        sessionStorage: sessionStorage("thv:proxy:github:"),
        secrets: [{ name: "github", key: "token", targetEnvName: "GITHUB_TOKEN" }],
        podTemplateSpec: GRACE,
      },
    }),
  ];
}

/** Up to 100 repositories, 10 at a time: 10 rounds of 30 s fit exactly into the 5 minutes of a step. */
const WORKFLOW: Json = {
  name: "audit",
  description: "Advisories of every repository",
  steps: [
    { id: "list", tool: "github_list_repositories", timeout: "1m" },
    {
      id: "check",
      type: "forEach",
      dependsOn: ["list"],
      collection: "{{json .steps.list.output.repositories}}",
      itemVar: "repository",
      step: { tool: "github_list_advisories", arguments: { name: "{{.forEach.repository}}" } },
    },
  ],
};

/** ToolHive uses a standalone Redis: it does not support Sentinel. */
function sessionStorage(keyPrefix: string): Json {
  return {
    provider: "redis",
    address: "redis.mcp.svc.cluster.local:6379",
    keyPrefix,
    passwordRef: { name: "redis", key: "password" },
  };
}
