import { ReplyError } from "ioredis";

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

/** Nothing came back in the time that there was. */
export class NoAnswer extends Error {
  override readonly name = "NoAnswer";

  constructor() {
    super("the store did not answer in time");
  }
}

/** The code that a server's error begins with, such as READONLY; undefined for what is no word of a server. */
export function replyCode(error: unknown): string | undefined {
  if (!(error instanceof Error) || !(error instanceof ReplyError)) return undefined;
  return error.message.split(" ", 1)[0];
}

/** Whether an error, or what caused it, is one that only servers of a Redis Cluster answer. */
export function isOfCluster(error: unknown): boolean {
  const code = replyCode(error);
  if (code !== undefined) return CLUSTER.has(code);
  return error instanceof Error && error.cause !== undefined && isOfCluster(error.cause);
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
