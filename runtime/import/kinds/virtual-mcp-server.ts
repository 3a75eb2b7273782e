import { isSection, type Path, type Section } from "@mcp-fleet/contract";
import { GatewayDocument } from "../gateway-document.ts";
import type { Given } from "../given.ts";
import type { ServerPart } from "../parts.ts";
import { type Field, type Reading, stepsOf } from "../reading.ts";
import { VMCP_FILE } from "../resource.ts";
import { authzOf } from "./authz-config.ts";
import { workflowOf } from "./composite-tool.ts";
import { type SecretVariable, strategyOf } from "./external-auth-config.ts";
import { present } from "./guards.ts";
import { loginOf } from "./oidc-config.ts";
import { telemetryOf } from "./telemetry-config.ts";
import { toolChoiceOf } from "./tool-config.ts";
import { PodTemplateReading, serviceAccountOf, variablesOf } from "./workload-fields.ts";

/** The folder in which the discovery process leaves the backends for a gateway. */
const DISCOVERED = "/etc/mcp-fleet/backends";

/** A gateway before it is judged. */
export interface GatewayPart {
  readonly reading: Reading;
  readonly document: GatewayDocument;
  /** Those of its backends that are resources. */
  readonly servers: readonly ServerPart[];
  /** Arguments of a VirtualMcpServer that are no part of its configuration. */
  readonly args: Section;
  readonly secrets: readonly SecretVariable[];
  /** How many pods it had. */
  readonly replicas: number;
  /** Where it needs a session store: it had one, or several pods. */
  readonly needsStore: boolean;
}

/** A gateway of ToolHive: a VirtualMCPServer, or a vmcp.yaml. */
export function virtualMcpServer(
  given: Given,
  reading: Reading,
  servers: readonly ServerPart[],
): GatewayPart {
  const document = new GatewayDocument();
  const secrets: SecretVariable[] = [];
  const isFile = reading.resource.kind === VMCP_FILE;
  document.set(["name"], reading.name);
  // A file is the configuration itself; a resource has it in config, and in v1alpha1 around it.
  if (isFile) copySections(given, reading, document, []);
  else {
    reading.taken("spec.config.name", "spec.config.groupRef", "spec.groupRef");
    copySections(given, reading, document, ["spec", "config"]);
    copySections(given, reading, document, ["spec"], RESOURCE_FIELDS);
    incoming(given, reading, document, secrets);
    outgoing(given, reading, document, secrets);
    sessionStorage(reading, document);
    references(given, reading, document, secrets);
  }
  const members = isFile ? [] : membersOf(reading, servers);
  backends(reading, document, members);
  for (const member of members) ownSettings(document, member, secrets);
  const replicas = reading.whole("spec.replicas") ?? 1;
  return {
    reading,
    document,
    servers: members,
    args: isFile ? {} : argsOf(reading, secrets),
    secrets,
    replicas,
    needsStore: replicas > 1 || document.at(["sessionStorage", "provider"]) === "redis",
  };
}

/** Members of a VirtualMCPServer's spec that are handled one by one. */
const RESOURCE_FIELDS = [
  "config",
  "incomingAuth",
  "outgoingAuth",
  "groupRef",
  "sessionStorage",
  "serviceType",
  "sessionAffinity",
  "serviceAccount",
  "podTemplateSpec",
  "replicas",
  "imagePullSecrets",
  "telemetryConfigRef",
  "embeddingServerRef",
  "authServerConfig",
  "authServerUpstreamFilter",
  "compositeToolRefs",
];

/** What a configuration of the gateway may be made of, in a resource's spec. */
const SECTIONS = [
  "aggregation",
  "operational",
  "compositeTools",
  "passthroughHeaders",
  "rateLimiting",
  "telemetry",
  "audit",
  "optimizer",
  "codeMode",
];

function copySections(
  given: Given,
  reading: Reading,
  document: GatewayDocument,
  around: Path,
  others: readonly string[] = [],
): void {
  const keys = Object.keys(
    around.length === 0 ? reading.resource.content : (reading.section(around) ?? {}),
  );
  for (const key of keys) {
    const field = [...around, key];
    if (others.includes(key) || key === "groupRef" || key === "name") continue;
    // A resource's unknown fields are left to the report; those of a file are the gateway's to refuse.
    if (around.length === 1 && !SECTIONS.includes(key)) continue;
    if (key === "compositeToolRefs") workflows(given, reading, document, field);
    else if (key === "incomingAuth" || key === "outgoingAuth") {
      // The resource's own fields win, as in ToolHive.
      if (around.length > 0 && reading.has(["spec", key]))
        reading.unused(field, `spec.${key} wins`);
      else document.copy([key], reading, field);
    } else document.copy([key], reading, field);
    if (key === "aggregation") toolConfigs(given, reading, document, field);
  }
  if (around.length === 0) reading.taken("name", "groupRef");
}

/** Replaces references to MCPToolConfigs in `aggregation.tools` by what they say; what stands beside them wins. */
function toolConfigs(
  given: Given,
  reading: Reading,
  document: GatewayDocument,
  field: Field,
): void {
  const list = [...stepsOf(field), "tools"];
  if (!Array.isArray(reading.at(list))) return;
  const tools = reading.entries(list).map((entry, index) => {
    const own = reading.section(entry) ?? {};
    const reference = [...entry, "toolConfigRef"];
    const choice = toolChoiceOf(given, reading, reference);
    if (choice === undefined) return own;
    for (const [key, name] of [
      ["filter", "toolsFilter"],
      ["overrides", "toolsOverride"],
    ] as const) {
      const path = ["aggregation", "tools", index, key];
      if (Object.hasOwn(own, key)) continue;
      document.trace(path, choice.reading, ["spec", name]);
      document.trace(path, reading, reference);
    }
    const { toolConfigRef: _, ...rest } = own;
    const { filter, overrides } = choice;
    const merged = isSection(rest.overrides) ? { ...overrides, ...rest.overrides } : overrides;
    return present({ ...(filter && { filter }), ...rest, overrides: merged });
  });
  document.set(["aggregation", "tools"], tools);
}

function incoming(
  given: Given,
  reading: Reading,
  document: GatewayDocument,
  secrets: SecretVariable[],
): void {
  if (reading.section("spec.incomingAuth") === undefined) return;
  const isLogin = ["oidcConfigRef", "oidcConfig"].some((key) =>
    reading.has(["spec", "incomingAuth", key]),
  );
  const type = reading.text("spec.incomingAuth.type") ?? (isLogin ? "oidc" : "anonymous");
  document.put(["incomingAuth", "type"], type, reading, "spec.incomingAuth.type");
  if (type !== "anonymous") {
    const login = loginOf(given, reading);
    const field = reading.has("spec.incomingAuth.oidcConfigRef")
      ? "spec.incomingAuth.oidcConfigRef"
      : "spec.incomingAuth.oidcConfig";
    const isMissing = login === undefined;
    document.set(["incomingAuth", "oidc"], login?.oidc ?? {});
    document.trace(["incomingAuth", "oidc"], reading, field);
    if (!isMissing) {
      reading.taken(field);
      secrets.push(...login.secrets);
    }
  }
  const authz = authzOf(given, reading, "spec.incomingAuth");
  if (authz === undefined) return;
  document.set(["incomingAuth", "authz"], authz);
  for (const key of ["authzConfig", "authzConfigRef"]) {
    const field = ["spec", "incomingAuth", key];
    if (reading.has(field)) document.trace(["incomingAuth", "authz"], reading, field);
  }
}

function outgoing(
  given: Given,
  reading: Reading,
  document: GatewayDocument,
  secrets: SecretVariable[],
): void {
  const field = "spec.outgoingAuth";
  if (!reading.has(field)) return;
  reading.taken(`${field}.source`);
  const backends = Object.keys(reading.section(`${field}.backends`) ?? {});
  const places: [readonly string[], Path][] = [
    [
      ["outgoingAuth", "default"],
      ["spec", "outgoingAuth", "default"],
    ],
    ...backends.map((name): [readonly string[], Path] => [
      ["outgoingAuth", "backends", name],
      ["spec", "outgoingAuth", "backends", name],
    ]),
  ];
  for (const [path, at] of places) {
    if (!reading.has(at)) continue;
    if (!reading.has([...at, "externalAuthConfigRef"])) {
      // discovered: as the server's own externalAuthConfigRef says, which is read with the server.
      reading.taken(at);
      continue;
    }
    reading.taken([...at, "type"]);
    const strategy = strategyOf(given, reading, [...at, "externalAuthConfigRef"]);
    if (strategy === undefined) continue;
    document.put(path, strategy.value, strategy.reading, strategy.field);
    document.trace(path, reading, at);
    secrets.push(...strategy.secrets);
  }
}

function sessionStorage(reading: Reading, document: GatewayDocument): void {
  const field = "spec.sessionStorage";
  for (const key of ["provider", "address", "db", "keyPrefix"]) {
    document.copy(["sessionStorage", key], reading, [...stepsOf(field), key]);
  }
  const variable = "THV_SESSION_REDIS_PASSWORD";
  reading.different(
    `${field}.passwordRef`,
    `gateway.yaml reads the password from ${variable}`,
    `set ${variable}`,
  );
  reading.left(`${field}.tls`, {
    topic: "other",
    why: "the CA of ToolHive's Redis is not carried over",
    fix: "set sessionStorage.tls.caFile in gateway.yaml; the program has a store of its own, with TLS",
  });
}

function references(
  given: Given,
  reading: Reading,
  document: GatewayDocument,
  secrets: SecretVariable[],
): void {
  const telemetry = telemetryOf(given, reading, "spec.telemetryConfigRef", secrets);
  if (telemetry && Object.keys(telemetry).length > 0) {
    document.put(["telemetry"], telemetry, reading, "spec.telemetryConfigRef");
  }
  const embedding = given.follow(reading, "spec.embeddingServerRef", "EmbeddingServer", {
    topic: "optimizer",
    why: "there is no optimizer",
    fix: "",
  });
  if (embedding) {
    const why = "there is no optimizer";
    const reason = {
      topic: "optimizer",
      why,
      fix: "delete it once no VirtualMCPServer uses it",
    } as const;
    embedding.left("spec", reason);
    reading.left("spec.embeddingServerRef", reason);
  }
  for (const key of ["authServerConfig", "authServerUpstreamFilter"]) {
    reading.left(`spec.${key}`, {
      topic: "identity",
      why: "there is no authorization server in the gateway's pods",
      fix: "let clients log in at your identity provider, and name it in incomingAuth",
    });
  }
}

function workflows(given: Given, reading: Reading, document: GatewayDocument, field: Field): void {
  const found = reading.entries(field).flatMap((entry) => {
    const workflow = workflowOf(given, reading, entry);
    return workflow ? [{ entry, workflow }] : [];
  });
  if (found.length === 0) return;
  const before = document.at(["compositeTools"]);
  const own: readonly unknown[] = Array.isArray(before) ? before : [];
  document.set(["compositeTools"], [...own, ...found.map(({ workflow: [, spec] }) => spec)]);
  for (const { entry, workflow } of found) {
    document.trace(["compositeTools"], reading, entry);
    document.trace(["compositeTools"], workflow[0], "spec");
    workflow[0].taken("spec");
  }
}

function membersOf(reading: Reading, servers: readonly ServerPart[]): ServerPart[] {
  const group = reading.reference("spec.groupRef") ?? reading.reference("spec.config.groupRef");
  return servers.filter(
    (server) =>
      server.namespace === reading.namespace &&
      server.group !== undefined &&
      server.group === group,
  );
}

/** The backends: those of the configuration, and the members of the group; where there are none, they are discovered. */
function backends(
  reading: Reading,
  document: GatewayDocument,
  members: readonly ServerPart[],
): void {
  const given = document.at(["backends"]);
  const own: readonly unknown[] = Array.isArray(given) ? given : [];
  const named = new Set(own.flatMap((entry) => (isSection(entry) ? [entry.name] : [])));
  const added = members.filter(({ name }) => !named.has(name));
  const isDiscovered = own.length + added.length === 0;
  const field = reading.has("spec.groupRef") ? "spec.groupRef" : "groupRef";
  if (isDiscovered) {
    document.set(["discovery"], { directory: DISCOVERED });
    document.trace(["discovery"], reading, field);
    document.trace(["backends"], reading, field);
    return;
  }
  document.set(["backends"], [...own, ...added.map(({ now }) => now)]);
  added.forEach((member, index) => {
    const path = ["backends", own.length + index];
    document.trace(path, member.reading, "spec");
  });
  if (document.at(["outgoingAuth", "source"]) === "discovered")
    document.set(["outgoingAuth", "source"], "inline");
  if (added.length > 0) {
    const fix = "import again when the group changes";
    reading.different(field, `its members (${added.length}) are listed as backends`, fix);
  }
}

/** What a server's own resource says that the gateway does for it. */
function ownSettings(
  document: GatewayDocument,
  member: ServerPart,
  secrets: SecretVariable[],
): void {
  const { strategy, name } = member;
  const path = ["outgoingAuth", "backends", name];
  if (strategy === undefined || document.at(path) !== undefined) return;
  document.put(path, strategy.value, strategy.reading, strategy.field);
  if (strategy.reading !== member.reading)
    document.trace(path, member.reading, "spec.externalAuthConfigRef");
  secrets.push(...strategy.secrets);
}

function argsOf(reading: Reading, secrets: SecretVariable[]): Section {
  const planned = "the plan sets it, from the sessions";
  const fix = "set sessions to what your clients need, and preview";
  reading.different("spec.replicas", planned, fix);
  reading.different(
    "spec.sessionAffinity",
    "is not needed: any pod serves any session",
    "delete it",
  );
  reading.taken("spec.serviceType");
  const template = new PodTemplateReading(reading, "spec.podTemplateSpec", "vmcp", "gateway");
  const resources = template.inContainer("resources");
  if (resources)
    reading.different(resources, "the plan sets the resources, from the sessions", fix);
  const pull = reading.at("spec.imagePullSecrets");
  const inContainer = template.inContainer("env");
  const variables = inContainer ? ownVariables(reading, inContainer) : { env: [], secrets: [] };
  const podTemplate = template.template();
  secrets.push(...variables.secrets);
  if (reading.has("spec.imagePullSecrets")) reading.taken("spec.imagePullSecrets");
  const spec = isSection(podTemplate?.spec) ? podTemplate.spec : {};
  const withPull = Array.isArray(pull) ? { imagePullSecrets: pull, ...spec } : spec;
  return present({
    serviceType: reading.text("spec.serviceType"),
    serviceAccount: serviceAccountOf(reading, "spec.serviceAccount"),
    env: variables.env.length > 0 ? variables.env : undefined,
    podTemplate:
      Object.keys(withPull).length > 0 ? { ...podTemplate, spec: withPull } : podTemplate,
  });
}

/** The variables of the gateway's container that are not for ToolHive. */
function ownVariables(reading: Reading, field: Path) {
  const all = variablesOf(reading, field);
  const isForToolHive = (name: string) => /^(?:VMCP|TOOLHIVE|THV)_/.test(name);
  for (const entry of reading.entries(field)) {
    if (!isForToolHive(reading.text([...entry, "name"]) ?? "")) continue;
    reading.different(entry, "is read by ToolHive only", "use the setting of the same purpose");
  }
  return {
    env: all.env.filter(({ name }) => !isForToolHive(name)),
    secrets: all.secrets.filter(({ targetEnvName }) => !isForToolHive(targetEnvName)),
  };
}
