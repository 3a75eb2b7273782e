import { bytes, DURATION, formatBytes, formatSeconds, SIZE, seconds } from "@mcp-fleet/contract";
import {
  INPUT_NAMES,
  INPUTS,
  type Input,
  type InputName,
  SERVER_INPUTS,
  type ServerInputName,
  type Unit,
} from "@mcp-fleet/contract/capacity";
import { fieldsWithin, LEAVES, toolhive } from "@mcp-fleet/contract/settings";
import * as z from "zod";
import { argumentOf } from "../../infra/process/plan-arguments.ts";
import type { Argument } from "./component-arguments.ts";
import { code } from "./generated-table.ts";

/** What else knows an argument: an input of the plan, a figure that it may replace, or a setting of the runtime. */
interface Place {
  readonly text: string;
  readonly unit?: string;
  /** The default there, as a person would write it. */
  readonly fallback?: string;
}

/** Where an argument's default comes from, and what it counts. */
export interface ArgumentSource {
  readonly text: string;
  readonly unit: string;
  /** The defaults of all places that have one. */
  readonly fallbacks: readonly string[];
}

/** Arguments that stand in the place of a figure of the plan, by component: the figure's name in `capacity`. */
const FIGURES: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  VirtualMcpServer: {
    replicas: "replicas",
    "resources.memory": "memory",
    "resources.cpu": "cpu",
    "resources.cpuLimit": "cpuLimit",
    terminationGracePeriodSeconds: "terminationGrace",
  },
  McpServer: {
    replicas: "proxyReplicas",
    "resources.memory": "memory",
    "resources.cpu": "cpu",
    terminationGracePeriodSeconds: "terminationGrace",
    "proxy.resources.memory": "proxyMemory",
    "proxy.resources.cpu": "proxyCpu",
    "proxy.resources.cpuLimit": "proxyCpuLimit",
    "proxy.terminationGracePeriodSeconds": "proxyTerminationGrace",
  },
  RedisSentinel: { maxMemory: "memory", maxClients: "clients", "resources.memory": "container" },
};

const LONGEST =
  "the maximum of all backends is plan input [`callTimeoutMaxSeconds`](../capacity.md#inputs)";

const SHORTAGE =
  "the component; it sets [`nofile.mode`](../settings.md#our-own-settings), whose own default is `degrade`";

/** What nobody else knows, or what differs from what others know. */
const NOTES: Readonly<Record<string, string>> = {
  "VirtualMcpServer.name":
    "the component; it is setting [`name`](../settings.md#settings-of-toolhives-file), too",
  "VirtualMcpServer.backends[].callTimeoutMax": LONGEST,
  "VirtualMcpServer.nofile.shortage": SHORTAGE,
  "McpServer.proxy.nofile.shortage": SHORTAGE,
  "McpServer.backendReplicas": "the component; it is plan input `replicas` of a server",
  "McpServer.sessions": "Choice: what a pod of ToolHive holds",
  "McpServer.autoscaling.maxReplicas": "plan input `maxReplicas` of its proxies",
  "McpServer.resources.cpuLimit": "Choice: throttling delays answers",
  "McpServer.proxy.limits.callTimeoutMax": `No effect: ${code("callTimeoutMax")} of the server`,
  "McpServer.proxy.load.openedBackends": "No effect: a proxy has one backend",
  "RedisSentinel.clientPods": `Choice: ${code("maxclients")} follows from it`,
  "RedisSentinel.openedBackends": "Choice: room for gateways with ten backends",
  "RedisSentinel.resources.cpu": "Choice",
  "RedisSentinel.resources.cpuLimit": "Refused: Sentinels take a throttled server for lost",
};

/** Inputs that RedisSentinel shares with the plan of a fleet, with the same defaults. */
const STORE_INPUTS: readonly InputName[] = ["sessions", "storageSessions", "clientBytes"];

/** Arguments of McpServer that are inputs of the plan of a server. */
const SERVER_ARGUMENTS: Readonly<Record<string, ServerInputName>> = {
  backendReplicas: "replicas",
  "backendAutoscaling.maxReplicas": "maxReplicas",
  podSessions: "podSessions",
  callTimeoutMax: "callTimeoutMaxSeconds",
  "cost.processBytes": "processBytes",
  "cost.sessionBytes": "sessionBytes",
  "cost.memory": "memoryBytes",
};

/** Settings that an argument writes under another name. */
const SETTINGS: Readonly<Record<string, string>> = {
  sessions: "session.maxSessions",
  "aggregation.prefixFormat": "aggregation.conflictResolutionConfig.prefixFormat",
  "aggregation.priorityOrder": "aggregation.conflictResolutionConfig.priorityOrder",
  "sessionStorage.sentinel.addresses": "sessionStorage.sentinel.addrs",
  "sessionStorage.cluster.addresses": "sessionStorage.cluster.addrs",
  "sessionStorage.sentinel.password": "sessionStorage.sentinel.passwordFile",
  "sessionStorage.password": "sessionStorage.passwordFile",
  "sessionStorage.passwordRef": "sessionStorage.passwordFile",
  "sessionStorage.tls.ca": "sessionStorage.tls.caFile",
  "sessionStorage.tls.caRef": "sessionStorage.tls.caFile",
  "sessionStorage.tls.caConfigMapRef": "sessionStorage.tls.caFile",
  "sessionStorage.tls.certRef": "sessionStorage.tls.certFile",
  "sessionStorage.tls.keyRef": "sessionStorage.tls.keyFile",
  sessionKeys: "session.keysFile",
  "nofile.shortage": "nofile.mode",
  "backends[].caBundle": "backends[].caBundlePath",
  "backends[].caBundleRef": "backends[].caBundlePath",
};

/** What is counted by arguments of which neither plan nor settings know. */
const UNITS: Readonly<Record<string, string>> = {
  maxBackends: "backends",
  batchMessages: "messages",
  bodyDepth: "levels",
  bodyMembers: "members",
  catalogItems: "items",
  catalogPages: "pages",
  catalogReads: "lists",
  catalogTemplates: "templates",
  crowdedPercent: "percent",
  maxBytes: "size",
  maxDelegationDepth: "actors",
  maxTokens: "tokens",
  queueEvents: "events",
  refillPeriod: "duration",
  rotatedFiles: "files",
  maxReplicas: "pods",
  recordFormat: "format",
  serverRequests: "requests",
  backendReplicas: "pods",
  callTimeout: "duration",
  callTimeoutMax: "duration",
  clientPods: "pods",
  cpu: "CPU",
  cpuLimit: "CPU",
  db: "index",
  expirationSeconds: "seconds",
  initializePerMinute: "per minute",
  maxClients: "connections",
  maxMemory: "size",
  maxPerPrincipal: "sessions",
  podSessions: "sessions",
  maxPods: "pods",
  memory: "size",
  openedBackends: "backends",
  perWorkload: "duration",
  port: "port",
  replicas: "pods",
  runAsUser: "user id",
  sessions: "sessions",
  shards: "shards",
  signAfter: "time",
  streams: "streams",
  subscriptions: "subscriptions",
  callsPerSession: "calls",
  cachedDecisions: "decisions",
  callsPerPrincipal: "calls",
  queuedCalls: "calls",
  queuedSpans: "spans",
  terminationGracePeriodSeconds: "seconds",
  sessionDuration: "seconds",
  priority: "place",
  tolerationSeconds: "seconds",
  unhealthyThreshold: "checks",
  failureThreshold: "failures",
  failureRatePercent: "percent",
  minimumCalls: "calls",
  probes: "calls",
};

const NONE = "–";

/** What else knows this argument of the component. */
export function sourceOf(component: string, argument: Argument): ArgumentSource {
  const { path, type, name } = argument;
  const places = [
    figurePlace(component, path),
    inputPlace(component, path),
    settingPlace(component, path),
  ].filter((place) => place !== undefined);
  const note = NOTES[`${component}.${path}`];
  const counted = places.find(({ unit }) => unit !== undefined)?.unit ?? UNITS[name] ?? NONE;
  return {
    text: note ?? (places.map(({ text }) => text).join(", ") || own(argument)),
    unit: type === "number" || type === "string" || UNITS[name] ? inWords(counted, type) : NONE,
    fallbacks: note ? [] : places.flatMap(({ fallback }) => (fallback ? [fallback] : [])),
  };
}

/** Whether two defaults are one: `300s` and `5m` are. */
export function isSame(one: string, other: string): boolean {
  if (DURATION.test(one) && DURATION.test(other)) return seconds(one) === seconds(other);
  if (SIZE.test(one) && SIZE.test(other)) return bytes(one) === bytes(other);
  return one === other;
}

function own({ fallback }: Argument): string {
  return fallback === undefined ? NONE : "the component";
}

/** Times and sizes are texts in arguments and numbers in plans. */
function inWords(unit: string, type: string): string {
  if (type === "number") return unit;
  return { seconds: "duration", bytes: "size" }[unit] ?? unit;
}

/** The part of a path that a process knows: all of it for a gateway, what is below `proxy` for a server. */
function ofProcess(component: string, path: string): string | undefined {
  if (component === "VirtualMcpServer") return path;
  return component === "McpServer" ? /^proxy\.(.*)/.exec(path)?.[1] : undefined;
}

function figurePlace(component: string, path: string): Place | undefined {
  const name = FIGURES[component]?.[path];
  if (name === undefined) return undefined;
  const section = /terminationGrace/i.test(name) ? "the-time-budget" : "how-the-plan-works";
  return { text: `figure [${code(name)}](../capacity.md#${section}) of the plan` };
}

function inputPlace(component: string, path: string): Place | undefined {
  const server = component === "McpServer" ? SERVER_ARGUMENTS[path] : undefined;
  if (server !== undefined) return planInput(server, SERVER_INPUTS[server]);
  if (component === "RedisSentinel") {
    const name = STORE_INPUTS.find((input) => input === path);
    return name && planInput(name, INPUTS[name]);
  }
  const own = ofProcess(component, path);
  const name = INPUT_NAMES.find((input) => argumentOf(input) === own && input !== "minReplicas");
  return name && planInput(name, INPUTS[name]);
}

function planInput(name: InputName | ServerInputName, { unit, default: fallback }: Input): Place {
  const text = `plan input [${code(name)}](../capacity.md#inputs)`;
  return { text, unit, ...(fallback !== undefined && { fallback: printed(unit, fallback) }) };
}

function printed(unit: Unit, fallback: number): string {
  if (unit === "bytes") return formatBytes(fallback);
  return unit === "seconds" ? formatSeconds(fallback) : String(fallback);
}

/** Every setting by its name: how it is written, and its default. */
const KNOWN_SETTINGS = new Map(
  LEAVES.flatMap((leaf) => [leaf, ...fieldsWithin(leaf)]).map((leaf) => {
    const { title, default: fallback } = z.toJSONSchema(leaf.schema, { io: "input" });
    const isPlain = typeof fallback === "string" || typeof fallback === "number";
    return [leaf.path.join("."), { title, ...(isPlain && { fallback: String(fallback) }) }];
  }),
);

function settingPlace(component: string, path: string): Place | undefined {
  const name = settingName(component, path);
  const setting = name === undefined ? undefined : KNOWN_SETTINGS.get(name);
  if (name === undefined || setting === undefined) return undefined;
  const [top = ""] = name.split(/[.[]/);
  const section = Object.hasOwn(toolhive, top) ? "settings-of-toolhives-file" : "our-own-settings";
  return {
    text: `setting [${code(name)}](../settings.md#${section})`,
    ...(setting.title && { unit: setting.title }),
    ...(setting.fallback !== undefined && { fallback: setting.fallback }),
  };
}

/** The setting of the runtime that an argument writes; it may be none that the runtime has. */
export function settingName(component: string, path: string): string | undefined {
  if (component === "RedisSentinel") return undefined;
  if (component === "McpServer" && !/^(?:acceptRisks|proxy|sessionStorage)\b/.test(path)) {
    return SETTINGS[`backends[].${path}`] ?? `backends[].${path}`;
  }
  const own = path.replace(/^proxy\./, "");
  // The component's mode says how the limit is met, the runtime's what a process does where it is not.
  if (own === "nofile.mode") return undefined;
  // The component plans with it, and writes none into the configuration.
  if (own === "load") return undefined;
  return SETTINGS[own] ?? own.replace(/^rateLimits\b/, "rateLimiting");
}
