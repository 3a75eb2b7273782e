import { brief, MESSAGE_CHARACTERS } from "@mcp-fleet/contract";
import { RETRY_AFTER_SECONDS } from "@mcp-fleet/contract/settings";
import { ERROR_TABLE, type ErrorName, type ErrorRow } from "./error-table.ts";

export interface FleetErrorOptions {
  /** Replaces the table's text; must hold neither session ids nor addresses. */
  readonly message?: string;
  /** More members for `error.data`, beside its `error` (the name) and `retryAfterSeconds`. */
  readonly data?: Readonly<Record<string, unknown>>;
  /** The id of the request that failed, as JSON text, where it is known. */
  readonly idText?: string;
  readonly retryAfterSeconds?: number;
  /** The `WWW-Authenticate` of UNAUTHENTICATED. */
  readonly challenge?: string;
  readonly cause?: unknown;
}

/** An error that a client is answered with. Branch on `code`, never on the message. */
export class FleetError extends Error {
  override readonly name = "FleetError";
  readonly code: ErrorName;
  readonly data: Readonly<Record<string, unknown>>;
  readonly idText: string | undefined;
  readonly retryAfterSeconds: number | undefined;
  readonly challenge: string | undefined;

  constructor(code: ErrorName, options: FleetErrorOptions = {}) {
    const { message = ERROR_TABLE[code].message, cause } = options;
    super(brief(message, MESSAGE_CHARACTERS), { cause });
    const row: ErrorRow = ERROR_TABLE[code];
    const retryAfterSeconds = row.retryAfter
      ? (options.retryAfterSeconds ?? RETRY_AFTER_SECONDS)
      : undefined;
    this.code = code;
    this.retryAfterSeconds = retryAfterSeconds;
    this.data = {
      error: code,
      ...options.data,
      ...(retryAfterSeconds !== undefined && { retryAfterSeconds }),
    };
    this.idText = options.idText;
    this.challenge = options.challenge;
  }

  /** The same error as the answer to this request, where it does not say already which one it answers. */
  withId(idText: string): FleetError {
    if (this.idText !== undefined || idText === "") return this;
    const { message, data, retryAfterSeconds, challenge, cause } = this;
    return new FleetError(this.code, {
      message,
      data,
      idText,
      cause,
      ...(retryAfterSeconds !== undefined && { retryAfterSeconds }),
      ...(challenge !== undefined && { challenge }),
    });
  }

  /** The name under which Fastify looks for the HTTP status. */
  get statusCode(): number {
    return ERROR_TABLE[this.code].httpStatus;
  }

  /** The HTTP status in answer to a request of an open session, which goes on unless the error is about the session. */
  get statusInSession(): number {
    const { level, httpStatus } = ERROR_TABLE[this.code];
    return level === "http" ? httpStatus : 200;
  }

  /** The JSON-RPC error response; the id is left out where no request is known. */
  toJsonRpc(idText: string | undefined = this.idText): string {
    const { rpcCode } = ERROR_TABLE[this.code];
    const error = JSON.stringify({ code: rpcCode, message: this.message, data: this.data });
    return errorText(idText, error);
  }
}

/** Any thrown value as one of ours: what is not ours is INTERNAL, and its text stays in the log. */
export function asFleetError(thrown: unknown): FleetError {
  return thrown instanceof FleetError ? thrown : new FleetError("INTERNAL", { cause: thrown });
}

/** Why something failed, for operators: what the system said, rather than what a client is told. */
export function causeText(error: unknown): string {
  const cause = error instanceof FleetError && error.cause !== undefined ? error.cause : error;
  return cause instanceof Error ? cause.message : String(cause);
}

export function resultText(idText: string, result: string): string {
  return `{"jsonrpc":"2.0","id":${idText},"result":${result}}`;
}

function errorText(idText: string | undefined, error: string): string {
  const id = idText === undefined || idText === "" ? "" : `"id":${idText},`;
  return `{"jsonrpc":"2.0",${id}"error":${error}}`;
}
