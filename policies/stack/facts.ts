import { ANNOTATION_PREFIX, annotationOf } from "@mcp-fleet/contract";
import { STORES as SESSION_STORES } from "@mcp-fleet/contract/capacity";
import type { Fields } from "./fields.ts";
import { Unjudgeable } from "./unjudgeable.ts";

/** The roles of workloads that are judged. */
export const ROLES = ["gateway", "proxy", "server", "redis", "sentinel"] as const;
export type Role = (typeof ROLES)[number];

/** What the annotation of a fact holds: one of these texts, where it is a list here. */
export type FactType = "number" | "text" | "flag" | "list" | "map" | readonly string[];

/** A fact that a workload says of itself. */
export interface FactKind {
  readonly of: readonly Role[];
  readonly about: string;
  /** Default: a number, 0 or more. */
  readonly is?: FactType;
  /** Who must say it, by hand too, since no policy can judge the workload without it. */
  readonly neededBy?: readonly Role[];
}

const PROCESSES = ["gateway", "proxy"] as const;
const PODS = ["gateway", "proxy", "server"] as const;
const STORES = ["redis", "sentinel"] as const;

/**
 * What workloads say of themselves, as annotations of the workload and of its pods: `graceSeconds` is
 * `mcp-fleet.dev/grace-seconds`. Components write all of them; by hand, those that a policy asks for are enough.
 */
export const FACTS = {
  role: {
    of: ROLES,
    about: "What the pods are: gateway, proxy, server, redis or sentinel",
    is: "text",
    neededBy: ROLES,
  },
  sessions: {
    of: ROLES,
    about: "Sessions at a time, of the whole role",
    neededBy: [...PODS, "redis"],
  },
  backends: { of: PROCESSES, about: "Backends, a number" },
  replicas: { of: PROCESSES, about: "Pods; the least of them where there is an autoscaler" },
  maxReplicas: { of: PROCESSES, about: "The most pods of an autoscaler" },
  spareReplicas: { of: PROCESSES, about: "Pods that may be gone" },
  sessionsPerPod: { of: PODS, about: "Sessions of the fullest pod" },
  cacheEntries: { of: PROCESSES, about: "Sessions that a pod keeps in memory" },
  requiredNofile: { of: PROCESSES, about: "The limit of open files that a pod must have" },
  nofileCeiling: { of: PROCESSES, about: "The limit of open files that nodes give" },
  memoryBytes: { of: PODS, about: "Memory of a pod, in bytes" },
  cpuMillicores: { of: PROCESSES, about: "CPU request of a pod" },
  preStopSeconds: { of: PODS, about: "Time between the end of a pod's address and SIGTERM" },
  lingerSeconds: { of: PROCESSES, about: "Time after SIGTERM in which new calls are still taken" },
  drainSeconds: { of: PODS, about: "Time that calls in flight have to end" },
  closeSeconds: { of: PROCESSES, about: "Time to close what is left" },
  graceSeconds: { of: ROLES, about: "terminationGracePeriodSeconds" },
  progressDeadlineSeconds: { of: PROCESSES, about: "progressDeadlineSeconds" },
  sessionAffinity: { of: PROCESSES, about: "None or ClientIP", is: ["None", "ClientIP"] },
  store: {
    of: PROCESSES,
    about: "Where sessions live: memory, redis or sentinel",
    is: SESSION_STORES,
    neededBy: PROCESSES,
  },
  storeAddresses: {
    of: PROCESSES,
    about: "host:port of Redis or of its Sentinels, a JSON list",
    is: "list",
  },
  storeDb: { of: PROCESSES, about: "The number of the database in the store; absent: 0" },
  keyPrefix: {
    of: [...PROCESSES, ...STORES],
    about: "What every key in the store begins with",
    is: "text",
  },
  storeSessions: { of: PROCESSES, about: "Sessions that the store was sized for" },
  storeClientPods: { of: PROCESSES, about: "Client pods that the store was sized for" },
  backendNames: { of: ["gateway"], about: "The backends by name, a JSON list", is: "list" },
  backendHosts: {
    of: PROCESSES,
    about:
      'The host of each backend that has one address, by its name, a JSON object such as {"github":"github-proxy.mcp.svc"}',
    is: "map",
    neededBy: PROCESSES,
  },
  statefulBackends: {
    of: PROCESSES,
    about: "Those whose pods keep something of a session, a JSON list",
    is: "list",
    neededBy: ["gateway"],
  },
  incomingAuth: {
    of: PROCESSES,
    about: "anonymous, or how clients prove who they are",
    is: "text",
    neededBy: ["gateway"],
  },
  exposed: {
    of: PROCESSES,
    about: "Whether it is reached from outside of the cluster",
    is: "flag",
  },
  stateful: {
    of: ["server"],
    about: "Whether pods keep something of a session",
    is: "flag",
    neededBy: ["server"],
  },
  transport: { of: ["server"], about: "streamable-http or sse", is: ["streamable-http", "sse"] },
  backendReplicas: { of: ["server"], about: "Pods" },
  callTimeoutMaxSeconds: { of: ["server"], about: "The longest call" },
  planInputs: {
    of: PODS,
    about: "Inputs of the plan that are not its defaults, a JSON object: docs/capacity.md",
    is: "map",
    neededBy: PODS,
  },
  storageSessions: {
    of: STORES,
    about: "Sessions that the volumes have room for",
    neededBy: ["redis"],
  },
  clientPods: { of: STORES, about: "Gateways and proxies that connect", neededBy: ["redis"] },
  openedBackends: { of: STORES, about: "Backends that a session opens", neededBy: ["redis"] },
  clientBytes: { of: STORES, about: "What a client says of itself", neededBy: ["redis"] },
  servers: { of: STORES, about: "Servers that hold the data" },
  sentinels: { of: STORES, about: "Sentinels" },
  maxMemoryBytes: { of: STORES, about: "maxmemory", neededBy: ["redis"] },
  maxClients: { of: STORES, about: "maxclients", neededBy: ["redis"] },
  containerBytes: { of: STORES, about: "Memory of a server's container" },
  volumeBytes: { of: STORES, about: "A server's volume" },
  tls: { of: STORES, about: "Whether connections are encrypted", is: "flag" },
  acl: { of: STORES, about: "Whether every user has a password and its own commands", is: "flag" },
  engine: { of: STORES, about: "What the servers run: redis or valkey", is: "text" },
  persistence: { of: STORES, about: "What of the data is on the volumes", is: "text" },
  eviction: { of: STORES, about: "maxmemory-policy", is: "text" },
  minReplicasToWrite: { of: STORES, about: "min-replicas-to-write" },
  networkPolicy: { of: STORES, about: "Whether only clients reach it", is: "flag" },
  arithmetic: { of: STORES, about: "How its sizes are computed, for people", is: "map" },
  acceptRisk: { of: ROLES, about: "Why something is below the plan", is: "text" },
} as const satisfies Readonly<Record<string, FactKind>>;

export type Fact = keyof typeof FACTS;

export const FACT_NAMES: readonly Fact[] = Object.keys(FACTS).filter((name): name is Fact =>
  Object.hasOwn(FACTS, name),
);

/** What a workload says of itself. A fact that is missing or is not what it must be makes it unjudgeable. */
export class Facts {
  readonly #annotations: Fields;

  constructor(annotations: Fields) {
    this.#annotations = annotations;
  }

  has(fact: Fact): boolean {
    return this.#said(fact) !== undefined;
  }

  /** The names of the annotations that are ours, facts or not. */
  get annotations(): readonly string[] {
    return this.#annotations.names().filter((name) => name.startsWith(ANNOTATION_PREFIX));
  }

  /** An annotation by its whole name. */
  annotation(name: string): string | undefined {
    return this.#annotations.member(name).text();
  }

  text(fact: Fact): string {
    const text = this.#said(fact);
    if (text !== undefined) return text;
    const fix = `write ${lowerFirst(FACTS[fact].about)}`;
    throw Unjudgeable.missing(`the annotation ${annotationOf(fact)}`, fix);
  }

  number(fact: Fact): number {
    const text = this.text(fact);
    const number = Number(text);
    if (text.trim() !== "" && Number.isFinite(number)) return number;
    throw new Unjudgeable(`the annotation ${annotationOf(fact)} is ${text}: write a number`);
  }

  /** A number, or what it is where nobody says. */
  numberOr(fact: Fact, fallback: number): number {
    return this.has(fact) ? this.number(fact) : fallback;
  }

  flag(fact: Fact): boolean {
    const text = this.text(fact);
    if (text === "true" || text === "false") return text === "true";
    throw new Unjudgeable(`the annotation ${annotationOf(fact)} is ${text}: write true or false`);
  }

  /** A list of texts. */
  list(fact: Fact): readonly string[] {
    const value = this.#json(fact);
    if (Array.isArray(value) && value.every((item) => typeof item === "string")) return value;
    throw new Unjudgeable(`the annotation ${annotationOf(fact)}: write a JSON list of texts`);
  }

  /** An object of numbers and texts. */
  map(fact: Fact): Readonly<Record<string, number | string>> {
    const value = this.#json(fact);
    const entries = typeof value === "object" && value !== null ? Object.entries(value) : [];
    if (entries.every(([, item]) => typeof item === "number" || typeof item === "string")) {
      return Object.fromEntries(entries);
    }
    throw new Unjudgeable(`the annotation ${annotationOf(fact)}: write numbers and texts by name`);
  }

  /** Reads a fact as what it has to be. */
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
    throw new Unjudgeable(`the annotation ${annotationOf(fact)} is ${number}: write 0 or more`);
  }

  #checkChoice(fact: Fact, choices: readonly string[]): void {
    const text = this.text(fact);
    if (choices.includes(text)) return;
    const list = `${choices.slice(0, -1).join(", ")} or ${choices.at(-1)}`;
    throw new Unjudgeable(`the annotation ${annotationOf(fact)} is ${text}: write ${list}`);
  }

  #said(fact: Fact): string | undefined {
    return this.annotation(annotationOf(fact));
  }

  #json(fact: Fact): unknown {
    try {
      return JSON.parse(this.text(fact));
    } catch (error) {
      if (error instanceof Unjudgeable) throw error;
      throw new Unjudgeable(`the annotation ${annotationOf(fact)} is not JSON: write it as JSON`);
    }
  }
}

const lowerFirst = (text: string): string => text.charAt(0).toLowerCase() + text.slice(1);
