import { ReplyError } from "ioredis";
import { FleetError } from "../../wire/fleet-error.ts";

/** What a server says while another one takes over, while it loads, or while a script runs: later it may say otherwise. */
const PASSING: ReadonlySet<string> = new Set([
  "READONLY",
  "LOADING",
  "MASTERDOWN",
  "BUSY",
  "TRYAGAIN",
  "CLUSTERDOWN",
]);

/** What a server of a Redis Cluster says about keys that are another server's, or those of several. */
const CLUSTER: ReadonlySet<string> = new Set(["MOVED", "ASK", "CROSSSLOT"]);

/** A server that is asked for what its replicas have to confirm, and has none that does. */
export class NoReplicas extends Error {
  override readonly name = "NoReplicas";

  constructor() {
    super("no replica has confirmed the answer");
  }
}

/** Whether a server does not have a command at all, as those of managed services lack some. */
export function isUnknownCommand(error: unknown): boolean {
  return replyCode(error) === "ERR" && /unknown command/i.test(String(error));
}

/** Nothing came back in the time that there was. */
export class NoAnswer extends Error {
  override readonly name = "NoAnswer";

  /** @param cause why there is no connection, where that is known. */
  constructor(cause?: unknown) {
    super("the store did not answer in time", { cause });
  }
}

/** The code that a server's error begins with, such as READONLY; undefined for what is no word of a server. */
export function replyCode(error: unknown): string | undefined {
  if (!(error instanceof Error) || !(error instanceof ReplyError)) return undefined;
  return error.message.split(" ", 1)[0];
}

/** Whether an error, or what caused it, is one that only servers of a Redis Cluster answer. */
export function isOfCluster(error: unknown): boolean {
  return isCausedBy(error, (reply) => CLUSTER.has(replyCode(reply) ?? ""));
}

/** Whether an error, or what caused it, is that a server is no node of a Redis Cluster. */
export function isOfNoCluster(error: unknown): boolean {
  return isCausedBy(error, ({ message }) => message.includes("cluster support disabled"));
}

/** Whether a server has said something of the kind, here or where the error comes from. */
function isCausedBy(error: unknown, isIt: (reply: Error) => boolean): boolean {
  if (!(error instanceof Error)) return false;
  if (replyCode(error) !== undefined) return isIt(error);
  // ioredis has its own name for what the last node of a cluster said.
  const cause: unknown = "lastNodeError" in error ? error.lastNodeError : error.cause;
  return isCausedBy(cause, isIt);
}

/** Whether a node of a cluster says that the keys are, or are about to be, another node's. */
export function isRedirection(error: unknown): boolean {
  const code = replyCode(error);
  return code === "MOVED" || code === "ASK";
}

/** Whether asking again may help: the connection broke off, or the server says so. A defect of ours is none of these. */
export function isPassing(error: unknown): boolean {
  const code = replyCode(error);
  if (code !== undefined) return PASSING.has(code);
  const isDefect =
    error instanceof TypeError ||
    error instanceof RangeError ||
    error instanceof ReferenceError ||
    error instanceof SyntaxError;
  return error instanceof Error && !isDefect;
}

/** What callers are told of an error. */
export function unavailable(error: unknown): FleetError {
  if (error instanceof FleetError) return error;
  if (replyCode(error) === "OOM") return new FleetError("STORE_FULL", { cause: error });
  if (replyCode(error) === "RELEARNING") {
    return new FleetError("STORE_UNAVAILABLE", {
      message: "the session store came back empty and is being refilled",
      cause: error,
    });
  }
  return new FleetError("STORE_UNAVAILABLE", { cause: error });
}
