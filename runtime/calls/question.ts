import { type Envelope, isObject } from "../wire/message.ts";

/** Why a client is not asked what a backend wants to know, as the error that the backend gets. */
export interface Refusal {
  readonly code: number;
  readonly message: string;
}

/** JSON-RPC's own. */
const METHOD_NOT_FOUND = -32601;

/** MCP's SDKs use it for what went wrong beside the request. */
const SERVER_ERROR = -32000;

/**
 * Whether a client declared that it answers requests like this one: `sampling/createMessage` needs the capability
 * `sampling`, or an experimental one of that name.
 *
 * @param capabilities the client's, as JSON text.
 * @returns the refusal where it did not.
 */
export function undeclared({ method }: Envelope, capabilities: string): Refusal | undefined {
  const [name = ""] = method.split("/", 1);
  const declared: unknown = JSON.parse(capabilities);
  if (!isObject(declared)) return refusal(name);
  const { experimental } = declared;
  const isDeclared = Object.hasOwn(declared, name);
  const isExperiment = isObject(experimental) && Object.hasOwn(experimental, name);
  return isDeclared || isExperiment ? undefined : refusal(name);
}

/** The refusal of one more question than a call may ask. */
export function tooMany(limit: number): Refusal {
  const message = `a server may ask the client ${limit} times per call, and as often per minute outside of calls (limits.serverRequests)`;
  return { code: SERVER_ERROR, message };
}

/** The refusal of a question that reaches nobody. */
export function unheard(message: string): Refusal {
  return { code: SERVER_ERROR, message };
}

function refusal(name: string): Refusal {
  const message = `the client did not declare the capability ${name}`;
  return { code: METHOD_NOT_FOUND, message };
}
