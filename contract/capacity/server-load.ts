import type { Fault } from "../faults.ts";
import type { BackendSettings } from "../settings/backend.ts";
import { getsTokens } from "../settings/outgoing-auth.ts";
import { bytes } from "../units.ts";
import { CapacityError } from "./capacity-error.ts";
import { outOfRange } from "./input-range.ts";
import {
  type CompleteInputs,
  CREDENTIAL_BYTES,
  INPUTS,
  type Input,
  type PlanInputs,
  SESSION_CATALOG_BYTES,
} from "./plan-inputs.ts";

/** The load of one MCP server, and what a session and a pod of it cost. */
export const SERVER_INPUTS = {
  replicas: {
    unit: "pods",
    description: "Pods of the server to deploy; 0: it runs elsewhere and is reached by its URL",
    min: 0,
    max: 1000,
    default: 0,
  },
  maxReplicas: {
    unit: "pods",
    description: "Maximum number of its pods, where an autoscaler adds some; 0: no autoscaler",
    min: 0,
    max: 1000,
    default: 0,
  },
  sessions: {
    unit: "sessions",
    description: "Concurrent sessions at the server. Absent: all sessions of the fleet",
    min: 1,
    max: INPUTS.sessions.max,
  },
  podSessions: {
    unit: "sessions",
    description:
      "Sessions that each pod has room for. Its memory follows from this number alone, so pods come and go without a restart of the others. Absent: all sessions of the server, or as many as memoryBytes holds",
    min: 1,
    max: INPUTS.sessions.max,
  },
  callTimeoutMaxSeconds: {
    unit: "seconds",
    description: "Its longest call. Absent: that of the fleet",
    min: 0.001,
    max: INPUTS.callTimeoutMaxSeconds.max,
    fraction: true,
  },
  sessionBytes: {
    unit: "bytes",
    description: "Memory per session, or of the process that a session starts",
    min: 0,
    max: bytes("1Ti"),
    default: bytes("256Ki"),
  },
  processBytes: {
    unit: "bytes",
    description: "Memory of a pod without sessions",
    min: 0,
    max: bytes("1Ti"),
    default: bytes("128Mi"),
  },
  memoryBytes: {
    unit: "bytes",
    description: "Ceiling: memory of a pod",
    min: 1,
    max: bytes("1Ti"),
    default: bytes("4Gi"),
  },
} as const satisfies Readonly<Record<string, Input>>;

export type ServerInputName = keyof typeof SERVER_INPUTS;

/** What a pod has room for follows from the other numbers where it is absent. */
type ServerNumbers = Readonly<Record<Exclude<ServerInputName, "podSessions">, number>> & {
  readonly podSessions?: number;
};

/** An MCP server behind the gateways: the input of a plan. */
export interface ServerLoad extends Partial<Readonly<Record<ServerInputName, number>>> {
  readonly name: string;
  /** Only the pod that opened a session can serve it. Default: false. */
  readonly stateful?: boolean;
  /** With `session`, it sends messages outside of calls: each listening session keeps a stream open. Default: `calls`. */
  readonly notifications?: BackendSettings["notifications"];
  /** With `perSession`, its lists differ by session: each listening session keeps a stream open. Default: `shared`. */
  readonly catalog?: BackendSettings["catalog"];
  /** With `sse`, each session keeps an event stream open. Default: `streamable-http`. */
  readonly transport?: BackendSettings["transport"];
  /** It has proxies in front of it. Default: false. */
  readonly proxied?: boolean;
}

/** A server with every number filled in. */
export type CompleteServerLoad = ServerNumbers &
  Required<Pick<ServerLoad, "name" | "stateful" | "proxied">> & { readonly pushes: boolean };

export const SERVER_INPUT_NAMES = Object.keys(SERVER_INPUTS).filter(
  (name): name is ServerInputName => Object.hasOwn(SERVER_INPUTS, name),
);

/** Whether only sessions of clients that can be asked keep a stream open for as long as they are there. */
export function keepsStream(
  server: Pick<ServerLoad, "stateful" | "notifications" | "catalog" | "transport">,
): boolean {
  return server.stateful === true && !pushes(server);
}

/** The room for lists that sessions have of their own, where one of these servers has such lists. */
export function sessionLists(
  servers: readonly Pick<ServerLoad, "catalog">[],
): Pick<PlanInputs, "sessionCatalogBytes"> {
  const isNeeded = servers.some(({ catalog }) => catalog === "perSession");
  return isNeeded ? { sessionCatalogBytes: SESSION_CATALOG_BYTES } : {};
}

/** The room for tokens, where one of these backends is sent some that are got for it. */
export function tokens(
  backends: readonly Pick<BackendSettings, "auth" | "discoveryAuth">[],
): Pick<PlanInputs, "credentialBytes"> {
  const isNeeded = backends.some(
    ({ auth, discoveryAuth }) => getsTokens(auth) || getsTokens(discoveryAuth),
  );
  return isNeeded ? { credentialBytes: CREDENTIAL_BYTES } : {};
}

/** What a program without a limit has in memory: a small server in Node has some 70 MiB. */
const PROGRAM_BYTES = bytes("100Mi");

/** How many programs of these backends may run at a time, and what they then have in memory. */
export function programs(
  backends: readonly Pick<BackendSettings, "address">[],
): Pick<CompleteInputs, "programs" | "programBytes"> {
  const total = { programs: 0, programBytes: 0 };
  for (const { address } of backends) {
    if (address.kind !== "command") continue;
    const { maxProcesses, memoryBytes = PROGRAM_BYTES } = address;
    total.programs += maxProcesses;
    total.programBytes += maxProcesses * memoryBytes;
  }
  return total;
}

/** Whether each listening session keeps a stream open at this server. */
export function pushes({
  notifications,
  catalog,
  transport,
}: Pick<ServerLoad, "notifications" | "catalog" | "transport">): boolean {
  return notifications === "session" || catalog === "perSession" || transport === "sse";
}

/**
 * Fills in the defaults of a server, some of which come from its fleet.
 *
 * @throws {CapacityError} with every number that is out of its range.
 */
export function completedServer(
  given: ServerLoad,
  fleet: Pick<CompleteInputs, "sessions" | "callTimeoutMaxSeconds">,
): CompleteServerLoad {
  const { stateful = false, proxied = false, name } = given;
  const numbers: Partial<Record<ServerInputName, number>> = {};
  const faults: Fault[] = [];
  for (const input of SERVER_INPUT_NAMES) {
    const { default: usual = fleetDefault(input, fleet), ...range }: Input = SERVER_INPUTS[input];
    const value = given[input] ?? usual;
    if (value === undefined) continue;
    faults.push(...outOfRange(["servers", name, input], range, value));
    numbers[input] = value;
  }
  if (faults.length > 0 || !isComplete(numbers)) throw new CapacityError(faults);
  return { ...numbers, name, stateful, proxied, pushes: pushes(given) };
}

function fleetDefault(
  input: ServerInputName,
  fleet: Pick<CompleteInputs, "sessions" | "callTimeoutMaxSeconds">,
): number | undefined {
  if (input === "podSessions") return undefined;
  return input === "sessions" ? fleet.sessions : fleet.callTimeoutMaxSeconds;
}

const isComplete = (numbers: Partial<ServerNumbers>): numbers is ServerNumbers =>
  SERVER_INPUT_NAMES.every((name) => name === "podSessions" || numbers[name] !== undefined);
