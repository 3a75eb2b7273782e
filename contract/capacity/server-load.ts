import type { Fault } from "../faults.ts";
import type { BackendSettings } from "../settings/backend.ts";
import { bytes } from "../units.ts";
import { CapacityError } from "./capacity-error.ts";
import { outOfRange } from "./input-range.ts";
import { type CompleteInputs, INPUTS, type Input } from "./plan-inputs.ts";

/** The numbers that say what one MCP server has to bear, and what it costs. */
export const SERVER_INPUTS = {
  replicas: {
    unit: "pods",
    about: "Pods of the server that we run; 0: it runs elsewhere, and is reached by its URL",
    least: 0,
    most: 1000,
    fallback: 0,
  },
  sessions: {
    unit: "sessions",
    about: "Sessions at the server. Absent: all of the fleet's",
    least: 1,
    most: INPUTS.sessions.most,
  },
  callTimeoutMaxSeconds: {
    unit: "seconds",
    about: "Its longest call. Absent: the fleet's",
    least: 0.001,
    most: INPUTS.callTimeoutMaxSeconds.most,
    fraction: true,
  },
  sessionBytes: {
    unit: "bytes",
    about: "Memory of a session, or of the process that it starts",
    least: 0,
    most: bytes("1Ti"),
    fallback: bytes("256Ki"),
  },
  processBytes: {
    unit: "bytes",
    about: "Memory of a pod without sessions",
    least: 0,
    most: bytes("1Ti"),
    fallback: bytes("128Mi"),
  },
  memoryBytes: {
    unit: "bytes",
    about: "Ceiling: the memory of a pod",
    least: 1,
    most: bytes("1Ti"),
    fallback: bytes("4Gi"),
  },
} as const satisfies Readonly<Record<string, Input>>;

export type ServerInputName = keyof typeof SERVER_INPUTS;

type ServerNumbers = Readonly<Record<ServerInputName, number>>;

/** An MCP server behind the gateways, as a plan has to know it. */
export interface ServerLoad extends Partial<ServerNumbers> {
  readonly name: string;
  /** A session's pod is the only one that can serve it. Default: false. */
  readonly stateful?: boolean;
  /** It speaks to a session outside of calls: a stream of each listening session stays open. Default: calls. */
  readonly notifications?: BackendSettings["notifications"];
  /** Its lists differ by session: a stream of each listening session stays open. Default: shared. */
  readonly catalog?: BackendSettings["catalog"];
  /** With sse, each session holds an event stream. Default: streamable-http. */
  readonly transport?: BackendSettings["transport"];
  /** Proxies of its own stand before it. Default: false. */
  readonly proxied?: boolean;
}

/** A server with every number filled in. */
export type CompleteServerLoad = ServerNumbers &
  Required<Pick<ServerLoad, "name" | "stateful" | "proxied">> & { readonly pushes: boolean };

export const SERVER_INPUT_NAMES = Object.keys(SERVER_INPUTS).filter(
  (name): name is ServerInputName => Object.hasOwn(SERVER_INPUTS, name),
);

/** Whether a listening session holds a stream at this server. */
export function pushes({
  notifications,
  catalog,
  transport,
}: Pick<ServerLoad, "notifications" | "catalog" | "transport">): boolean {
  return notifications === "session" || catalog === "perSession" || transport === "sse";
}

/**
 * A server with the defaults of its fleet.
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
    const { fallback = fleetDefault(input, fleet), ...range }: Input = SERVER_INPUTS[input];
    const value = given[input] ?? fallback;
    faults.push(...outOfRange(["servers", name, input], range, value));
    numbers[input] = value;
  }
  if (faults.length > 0 || !isComplete(numbers)) throw new CapacityError(faults);
  return { ...numbers, name, stateful, proxied, pushes: pushes(given) };
}

function fleetDefault(
  input: ServerInputName,
  fleet: Pick<CompleteInputs, "sessions" | "callTimeoutMaxSeconds">,
): number {
  return input === "sessions" ? fleet.sessions : fleet.callTimeoutMaxSeconds;
}

const isComplete = (
  numbers: Partial<Record<ServerInputName, number>>,
): numbers is Record<ServerInputName, number> =>
  SERVER_INPUT_NAMES.every((name) => numbers[name] !== undefined);
