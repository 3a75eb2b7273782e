import { ANNOTATION_PREFIX, annotationOf, type Risk } from "@mcp-fleet/contract";
import { STORES as SESSION_STORES } from "@mcp-fleet/contract/capacity";
import type { Fields } from "./fields.ts";
import { Unjudgeable } from "./unjudgeable.ts";

/** The roles of workloads that policies check. */
export const ROLES = ["gateway", "proxy", "server", "redis", "sentinel"] as const;
export type Role = (typeof ROLES)[number];

/** The type of a fact's annotation; a list here means one of these strings. */
export type FactType = "number" | "text" | "flag" | "list" | "map" | readonly string[];

/** A fact of a workload, which is an annotation. */
export interface FactKind {
  readonly of: readonly Role[];
  readonly description: string;
  /** Default: a number, 0 or more. */
  readonly is?: FactType;
  /** The roles that require it, because policies cannot check them without it. */
  readonly neededBy?: readonly Role[];
}

const PROCESSES = ["gateway", "proxy"] as const;
const PODS = ["gateway", "proxy", "server"] as const;
const STORES = ["redis", "sentinel"] as const;

/**
 * The facts of workloads, as annotations of the workload: `graceSeconds` is `mcp-fleet.dev/grace-seconds`. They are not
 * on its pods, which a changed fact would restart. Components write all of them; manifests of your own need only the required ones.
 */
export const FACTS = {
  role: {
    of: ROLES,
    description: "Role of the pods: gateway, proxy, server, redis or sentinel",
    is: "text",
    neededBy: ROLES,
  },
  sessions: {
    of: ROLES,
    description: "Concurrent sessions of the whole workload",
    neededBy: [...PODS, "redis"],
  },
  backends: { of: PROCESSES, description: "Number of backends" },
  replicas: { of: PROCESSES, description: "Number of pods; with an autoscaler, its minimum" },
  maxReplicas: { of: PODS, description: "Maximum number of pods of the autoscaler" },
  scaling: {
    of: PODS,
    description:
      "Who sets the number of pods: a HorizontalPodAutoscaler of the stack, or External, which may be outside of it",
    is: ["HorizontalPodAutoscaler", "External"],
  },
  spareReplicas: { of: PROCESSES, description: "Pods that may be lost" },
  sessionsPerPod: { of: PODS, description: "Sessions of the fullest pod" },
  cacheEntries: { of: PROCESSES, description: "Sessions that a pod caches in memory" },
  requiredNofile: { of: PROCESSES, description: "Limit of open files that a pod needs" },
  nofileCeiling: { of: PROCESSES, description: "Limit of open files that nodes allow" },
  memoryBytes: { of: PODS, description: "Memory of a pod, in bytes" },
  cpuMillicores: { of: PROCESSES, description: "CPU request of a pod" },
  preStopSeconds: { of: PODS, description: "Seconds that preStop waits before SIGTERM" },
  lingerSeconds: {
    of: PROCESSES,
    description: "Seconds after SIGTERM in which new calls are still served",
  },
  drainSeconds: { of: PODS, description: "Seconds that calls in flight have to finish" },
  closeSeconds: { of: PROCESSES, description: "Seconds to close the remaining connections" },
  graceSeconds: { of: ROLES, description: "terminationGracePeriodSeconds" },
  progressDeadlineSeconds: { of: PROCESSES, description: "progressDeadlineSeconds" },
  sessionAffinity: { of: PROCESSES, description: "None or ClientIP", is: ["None", "ClientIP"] },
  sampledPercent: {
    of: PROCESSES,
    description: "Share of traces that are sampled, in percent; absent: none are exported",
  },
  store: {
    of: PROCESSES,
    description: "Where sessions are stored: memory, redis, sentinel or cluster",
    is: SESSION_STORES,
    neededBy: PROCESSES,
  },
  storeAddresses: {
    of: PROCESSES,
    description: "host:port of Redis, of its Sentinels or of nodes of its cluster, as a JSON list",
    is: "list",
  },
  storeName: {
    of: PROCESSES,
    description:
      "Name of a store outside the stack, where its address is known only after the update",
    is: "text",
  },
  storeDb: { of: PROCESSES, description: "Number of the Redis database; absent: 0" },
  keyPrefix: {
    of: [...PROCESSES, ...STORES],
    description: "Prefix of all keys in the store; in a cluster with the braces of the hash tag",
    is: "text",
  },
  storeSessions: { of: PROCESSES, description: "Sessions that the store was sized for" },
  storeClientPods: { of: PROCESSES, description: "Client pods that the store was sized for" },
  backendNames: {
    of: ["gateway"],
    description: "Names of the backends, as a JSON list",
    is: "list",
  },
  backendHosts: {
    of: PROCESSES,
    description:
      'Host of each backend with a single address, by name, as a JSON object such as {"github":"github-proxy.mcp.svc"}',
    is: "map",
    neededBy: PROCESSES,
  },
  statefulBackends: {
    of: PROCESSES,
    description: "Names of the backends that keep session state, as a JSON list",
    is: "list",
    neededBy: ["gateway"],
  },
  incomingAuth: {
    of: PROCESSES,
    description: "anonymous, or how clients authenticate",
    is: "text",
    neededBy: ["gateway"],
  },
  exposed: {
    of: PROCESSES,
    description: "Whether it can be reached from outside the cluster",
    is: "flag",
  },
  stateful: {
    of: ["server"],
    description: "Whether pods keep session state",
    is: "flag",
    neededBy: ["server"],
  },
  transport: {
    of: ["server"],
    description: "streamable-http or sse",
    is: ["streamable-http", "sse"],
  },
  backendReplicas: {
    of: ["server"],
    description: "Number of pods; with an autoscaler, its minimum",
  },
  callTimeoutMaxSeconds: { of: ["server"], description: "Longest call in seconds" },
  planInputs: {
    of: PODS,
    description:
      "Inputs of the plan that differ from its defaults, as a JSON object (docs/capacity.md)",
    is: "map",
    neededBy: PODS,
  },
  storageSessions: {
    of: STORES,
    description: "Sessions that the volumes have room for",
    neededBy: ["redis"],
  },
  clientPods: { of: STORES, description: "Gateways and proxies that connect", neededBy: ["redis"] },
  openedBackends: { of: STORES, description: "Backends that a session opens", neededBy: ["redis"] },
  clientBytes: {
    of: STORES,
    description: "Maximum size of a client's initialize parameters, in bytes",
    neededBy: ["redis"],
  },
  servers: { of: STORES, description: "Number of servers that hold the data" },
  sentinels: { of: STORES, description: "Number of Sentinels" },
  maxMemoryBytes: { of: STORES, description: "maxmemory", neededBy: ["redis"] },
  maxClients: { of: STORES, description: "maxclients", neededBy: ["redis"] },
  containerBytes: { of: STORES, description: "Memory of a server's container, in bytes" },
  volumeBytes: { of: STORES, description: "Size of a server's volume, in bytes" },
  tls: { of: STORES, description: "Whether connections are encrypted", is: "flag" },
  acl: {
    of: STORES,
    description: "Whether every user has a password and its own commands",
    is: "flag",
  },
  engine: { of: STORES, description: "Engine of the servers: redis or valkey", is: "text" },
  persistence: { of: STORES, description: "Which persistence the data has", is: "text" },
  eviction: { of: STORES, description: "maxmemory-policy", is: "text" },
  minReplicasToWrite: { of: STORES, description: "min-replicas-to-write" },
  networkPolicy: {
    of: STORES,
    description: "Whether a NetworkPolicy admits only clients",
    is: "flag",
  },
  arithmetic: { of: STORES, description: "Arithmetic of its sizes, for people", is: "map" },
  acceptRisks: {
    of: ROLES,
    description:
      'Risks that are taken, each with its reason, as a JSON object such as {"belowPlan":"a demonstration"}',
    is: "map",
  },
} as const satisfies Readonly<Record<string, FactKind>>;

export type Fact = keyof typeof FACTS;

export const FACT_NAMES: readonly Fact[] = Object.keys(FACTS).filter((name): name is Fact =>
  Object.hasOwn(FACTS, name),
);

/** The facts of a workload. Reading one that is missing or invalid throws. */
export class Facts {
  readonly #annotations: Fields;

  constructor(annotations: Fields) {
    this.#annotations = annotations;
  }

  has(fact: Fact): boolean {
    return this.#value(fact) !== undefined;
  }

  /** The names of all annotations with our prefix, facts or not. */
  get annotations(): readonly string[] {
    return this.#annotations.names().filter((name) => name.startsWith(ANNOTATION_PREFIX));
  }

  /** An annotation by its full name. */
  annotation(name: string): string | undefined {
    return this.#annotations.member(name).text();
  }

  text(fact: Fact): string {
    const text = this.#value(fact);
    if (text !== undefined) return text;
    const fix = `add it: ${lowerFirst(FACTS[fact].description)}`;
    throw Unjudgeable.missing(`the annotation ${annotationOf(fact)}`, fix);
  }

  number(fact: Fact): number {
    const text = this.text(fact);
    const number = Number(text);
    if (text.trim() !== "" && Number.isFinite(number)) return number;
    throw new Unjudgeable(`the annotation ${annotationOf(fact)} is ${text}; set it to a number`);
  }

  /** A number, or its default where it is missing. */
  numberOr(fact: Fact, fallback: number): number {
    return this.has(fact) ? this.number(fact) : fallback;
  }

  flag(fact: Fact): boolean {
    const text = this.text(fact);
    if (text === "true" || text === "false") return text === "true";
    throw new Unjudgeable(
      `the annotation ${annotationOf(fact)} is ${text}; set it to true or false`,
    );
  }

  /** A list of strings. */
  list(fact: Fact): readonly string[] {
    const value = this.#json(fact);
    if (Array.isArray(value) && value.every((item) => typeof item === "string")) return value;
    throw new Unjudgeable(`the annotation ${annotationOf(fact)} must be a JSON list of strings`);
  }

  /** A map of numbers and strings. */
  map(fact: Fact): Readonly<Record<string, number | string>> {
    const value = this.#json(fact);
    const entries = typeof value === "object" && value !== null ? Object.entries(value) : [];
    if (entries.every(([, item]) => typeof item === "number" || typeof item === "string")) {
      return Object.fromEntries(entries);
    }
    throw new Unjudgeable(
      `the annotation ${annotationOf(fact)} must be a JSON object of numbers and strings`,
    );
  }

  /** The reason for which a risk is taken; undefined where it is not. */
  riskReason(risk: Risk): string | undefined {
    if (!this.has("acceptRisks")) return undefined;
    const reason = String(this.map("acceptRisks")[risk] ?? "");
    return reason.trim() === "" ? undefined : reason;
  }

  /** Checks that a fact has a valid value. */
  check(fact: Fact): void {
    const { is = "number" }: FactKind = FACTS[fact];
    if (is === "number") this.#checkNumber(fact);
    else if (is === "flag") this.flag(fact);
    else if (is === "list") this.list(fact);
    else if (is === "map") this.map(fact);
    else if (is !== "text") this.#checkChoice(fact, is);
  }

  #checkNumber(fact: Fact): void {
    const number = this.number(fact);
    if (number >= 0) return;
    throw new Unjudgeable(`the annotation ${annotationOf(fact)} is ${number}; set it to 0 or more`);
  }

  #checkChoice(fact: Fact, choices: readonly string[]): void {
    const text = this.text(fact);
    if (choices.includes(text)) return;
    const list = `${choices.slice(0, -1).join(", ")} or ${choices.at(-1)}`;
    throw new Unjudgeable(`the annotation ${annotationOf(fact)} is ${text}; set it to ${list}`);
  }

  #value(fact: Fact): string | undefined {
    return this.annotation(annotationOf(fact));
  }

  #json(fact: Fact): unknown {
    try {
      return JSON.parse(this.text(fact));
    } catch (error) {
      if (error instanceof Unjudgeable) throw error;
      throw new Unjudgeable(`the annotation ${annotationOf(fact)} must be JSON`);
    }
  }
}

const lowerFirst = (text: string): string => text.charAt(0).toLowerCase() + text.slice(1);
