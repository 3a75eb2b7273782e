import { execFileSync } from "node:child_process";
import { stripTypeScriptTypes } from "node:module";
import { validate } from "@mcp-fleet/contract/settings";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import * as fleet from "../../infra/index.ts";
import { importToolHive } from "../../runtime/import/import-toolhive.ts";
import { LANGUAGES, type Language } from "../../runtime/import/program.ts";
import { ResourceReader } from "../../runtime/import/resource-reader.ts";
import { verdict } from "../../testkit/pulumi/judged-stack.ts";
import { RecordedStack } from "../../testkit/pulumi/recorded-stack.ts";

/** A team's fleet with one of everything that programs can have. */
const RESOURCES = `
apiVersion: v1
kind: List
items:
  - apiVersion: toolhive.stacklok.dev/v1beta1
    kind: MCPGroup
    metadata: {name: team, namespace: tools}
  - apiVersion: toolhive.stacklok.dev/v1beta1
    kind: MCPServer
    metadata: {name: github, namespace: tools}
    spec:
      groupRef: {name: team}
      image: registry.example.com/github-mcp:1.2.3
      transport: streamable-http
      mcpPort: 8090
      args: [http, --read-only]
      env:
        - {name: LOG_LEVEL, value: "it's \\"debug\\" \${HOME} {{x}}"}
        - {name: GITHUB_TOKEN, value: ghp_plain}
      secrets: [{name: github, key: token, targetEnvName: GITHUB_PERSONAL_ACCESS_TOKEN}]
      backendReplicas: 2
      serviceAccount: github
      resources: {limits: {cpu: 500m, memory: 256Mi}, requests: {cpu: 100m, memory: 128Mi}}
      podTemplateSpec:
        metadata: {labels: {team: platform}}
        spec:
          nodeSelector: {workload: mcp}
          tolerations: [{key: mcp, operator: Exists}]
          volumes: [{name: scratch, emptyDir: {}}]
          securityContext: {runAsNonRoot: true, fsGroup: 1000}
          containers:
            - name: mcp
              securityContext: {runAsUser: 1000, allowPrivilegeEscalation: false}
              env: [{name: PAGE, valueFrom: {secretKeyRef: {name: github, key: page}}}]
              volumeMounts: [{name: scratch, mountPath: /tmp}]
  - apiVersion: toolhive.stacklok.dev/v1alpha1
    kind: MCPServer
    metadata: {name: browser, namespace: tools}
    spec:
      groupRef: team
      image: registry.example.com/browser-mcp:1
      transport: sse
      resources: {limits: {memory: 3Gi}}
  - apiVersion: toolhive.stacklok.dev/v1beta1
    kind: MCPServer
    metadata: {name: local, namespace: tools}
    spec: {groupRef: {name: team}, image: "registry.example.com/local:1", transport: stdio, proxyPort: 9000}
  - apiVersion: toolhive.stacklok.dev/v1beta1
    kind: MCPRemoteProxy
    metadata: {name: wiki, namespace: tools}
    spec: {groupRef: {name: team}, remoteUrl: "https://wiki.example.com/mcp", transport: streamable-http}
  - apiVersion: toolhive.stacklok.dev/v1beta1
    kind: MCPServer
    metadata: {name: lonely, namespace: tools}
    spec: {image: "registry.example.com/lonely:1", transport: streamable-http}
  - apiVersion: toolhive.stacklok.dev/v1beta1
    kind: MCPRemoteProxy
    metadata: {name: far, namespace: tools}
    spec: {remoteUrl: "https://far.example.com/mcp", transport: streamable-http}
  - apiVersion: toolhive.stacklok.dev/v1beta1
    kind: MCPServerEntry
    metadata: {name: inner, namespace: tools}
    spec:
      groupRef: {name: team}
      remoteUrl: https://inner.example.com/mcp
      transport: streamable-http
      caBundleRef: {configMapRef: {name: inner-ca, key: ca.crt}}
  - apiVersion: toolhive.stacklok.dev/v1beta1
    kind: VirtualMCPServer
    metadata: {name: vmcp, namespace: tools}
    spec:
      groupRef: {name: team}
      incomingAuth: {type: anonymous}
      outgoingAuth: {source: discovered}
      replicas: 2
      serviceType: LoadBalancer
      sessionStorage:
        provider: redis
        address: redis.tools.svc:6379
        passwordRef: {name: redis, key: password}
      config:
        aggregation: {conflictResolution: prefix, conflictResolutionConfig: {prefixFormat: "{workload}-"}}
        operational:
          timeouts: {default: 45s, perWorkload: {github: 2m}}
          failureHandling: {healthCheckInterval: 20s, partialFailureMode: fail}
  - apiVersion: toolhive.stacklok.dev/v1beta1
    kind: VirtualMCPServer
    metadata: {name: small, namespace: tools}
    spec: {groupRef: {name: team}, incomingAuth: {type: anonymous}}
`;

function programIn(language: Language) {
  const { resources, faults } = new ResourceReader([{ path: "team.yaml", text: RESOURCES }]);
  expect(faults).toEqual([]);
  const made = importToolHive(resources, { language, acceptOpen: [], keepServers: false });
  return { ...made, text: made.files.get(LANGUAGES[language]) ?? "" };
}

const MADE = [
  "McpServer",
  "McpServer",
  "McpServer",
  "McpServer",
  "RedisSentinel",
  "VirtualMcpServer",
  "VirtualMcpServer",
];

it("7 components are made, 2 of them servers without a gateway, and 2 configurations that are valid", () => {
  const { components, configurations } = programIn("yaml");
  expect(components.map(({ type }) => type).toSorted()).toEqual(MADE);
  expect([...configurations.keys()]).toEqual(["gateways/vmcp.yaml", "gateways/small.yaml"]);
  for (const configuration of configurations.values()) {
    expect(validate(configuration).backends).toHaveLength(5);
  }
});

const made = (stack: RecordedStack) =>
  stack.resources
    .filter(({ type }) => type.startsWith("mcp-fleet:"))
    .map(({ kind }) => kind)
    .toSorted();

describe("the program passes every mandatory policy", () => {
  it("in TypeScript", async () => {
    const body = stripTypeScriptTypes(programIn("typescript").text).replaceAll(
      /^import .*;\n|^export (?=const)/gm,
      "",
    );
    const stack = await RecordedStack.of(() => {
      new Function(...Object.keys(fleet), body)(...Object.values(fleet));
    });
    expect(made(stack)).toEqual(MADE);
    expect(verdict(stack)).toEqual([]);
  });

  it("in Pulumi YAML", async () => {
    const stack = await RecordedStack.of(() => runYaml(programIn("yaml").text));
    expect(made(stack)).toEqual(MADE);
    expect(verdict(stack)).toEqual([]);
  });

  it("in Python", async () => {
    const calls: Call[] = JSON.parse(
      execFileSync("python3", ["-c", CALLS], { input: programIn("python").text, encoding: "utf8" }),
    );
    const stack = await RecordedStack.of(() => runCalls(calls));
    expect(made(stack)).toEqual(MADE);
    expect(verdict(stack)).toEqual([]);
  });
});

type Args = Readonly<Record<string, unknown>>;
type Call = readonly [variable: string, type: string, name: string, args: Args];

/** Components by their variable, with what is read of one in the place of its property. */
function runCalls(calls: readonly Call[]): void {
  const components = new Map<string, object>();
  for (const [variable, type, name, args] of calls) {
    const resolved = Object(resolve(args, components));
    const Component = Object(fleet)[type];
    components.set(variable, new Component(name, resolved));
  }
}

function resolve(value: unknown, components: ReadonlyMap<string, object>): unknown {
  if (Array.isArray(value)) return value.map((entry) => resolve(entry, components));
  if (typeof value === "object" && value !== null) {
    return Object.fromEntries(
      Object.entries(value).map(([key, inner]) => [key, resolve(inner, components)]),
    );
  }
  const [, variable = "", property = ""] =
    (typeof value === "string" && /^(?<!\$)\$\{([\w-]+)\.(\w+)\}$/.exec(value)) || [];
  if (property) return Object(components.get(variable))[property];
  return typeof value === "string" ? value.replaceAll("$${", "${") : value;
}

function runYaml(text: string): void {
  const { resources } = parse(text);
  runCalls(
    Object.entries<{ type: string; name: string; properties: Args }>(resources).map(
      ([variable, { type, name, properties }]) => [
        variable,
        type.replace("mcp-fleet:", ""),
        name,
        properties,
      ],
    ),
  );
}

/** Every component of a program in Python: what Pulumi's host would ask for, with keys of types in camel case. */
const CALLS = `
import ast, json, re, sys
PLAIN = {"labels", "annotations", "node_selector", "per_workload"}
def camel(key):
    return re.sub(r"_(\\w)", lambda found: found.group(1).upper(), key)
def plain(node, is_map=False):
    if isinstance(node, ast.Dict):
        return {
            key.value if is_map else camel(key.value): plain(value, key.value in PLAIN)
            for key, value in zip(node.keys, node.values)
        }
    if isinstance(node, ast.List):
        return [plain(entry) for entry in node.elts]
    if isinstance(node, ast.Constant):
        return node.value.replace("\${", "$\${") if isinstance(node.value, str) else node.value
    return "\${" + node.value.id + "." + camel(node.attr) + "}"
print(json.dumps([
    [
        statement.targets[0].id,
        statement.value.func.attr,
        statement.value.args[0].value,
        {camel(one.arg): plain(one.value, one.arg in PLAIN) for one in statement.value.keywords},
    ]
    for statement in ast.parse(sys.stdin.read()).body
    if isinstance(statement, ast.Assign)
]))
`;
