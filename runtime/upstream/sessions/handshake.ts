import type { UpstreamRecord } from "../../sessions/session-record.ts";
import { FleetError } from "../../wire/fleet-error.ts";
import { isObject } from "../../wire/message.ts";
import type { Backend } from "../backend.ts";
import type { Requester } from "../transports/transport.ts";
import { CircuitOpen, EndpointGone, TransportFault } from "../transports/transport-fault.ts";
import { circuitOpen, refused, unreachable } from "./backend-error.ts";
import { courtesy } from "./courtesy.ts";
import { ownRequestText } from "./own-request.ts";
import { resultOf, UpstreamSession } from "./upstream-session.ts";

/** What we say of the client, or of ourselves, to a backend: but for the version as JSON text. */
export interface InitializeParams {
  readonly protocol: string;
  readonly clientInfo: string;
  readonly capabilities: string;
  /** The principal whose session it becomes; absent for one of our own. */
  readonly owner?: string;
}

/** What a backend says of itself. */
export interface InitializeOutcome {
  readonly session: UpstreamSession;
  /** The result of initialize, as JSON text. */
  readonly resultText: string;
  readonly capabilities: Readonly<Record<string, unknown>>;
  readonly instructions: string | undefined;
}

export interface HandshakeOptions {
  /** Whose request it is that needs the session. Absent: the process's own. */
  readonly requester?: Requester | undefined;
  /** Default: the least busy one. */
  readonly pod?: string | undefined;
}

/** The record of a session has it. Servers use UUIDs, or tokens of a few hundred bytes. */
export const MAX_SESSION_ID_BYTES = 4_096;

const INITIALIZED = '{"jsonrpc":"2.0","method":"notifications/initialized"}';

/**
 * Opens a session at a backend, at this pod or the least busy one: initialize, then initialized. Where the backend
 * keeps sessions, the session stays with its pod.
 *
 * @throws {FleetError} BACKEND_UNREACHABLE, BACKEND_REFUSED, BACKEND_CIRCUIT_OPEN, BACKEND_TIMEOUT (as the signal's reason).
 */
export async function handshake(
  backend: Backend,
  { protocol, clientInfo, capabilities, owner }: InitializeParams,
  epoch: number,
  signal: AbortSignal,
  { requester, pod = backend.hasPods ? backend.leastBusy : undefined }: HandshakeOptions = {},
): Promise<InitializeOutcome> {
  const params = `{"protocolVersion":${JSON.stringify(protocol)},"capabilities":${capabilities},"clientInfo":${clientInfo}}`;
  const initialize = ownRequestText("initialize", params);
  try {
    const where = pod === undefined ? {} : { pod };
    const reference = { protocol: "", epoch, ...where };
    const unopened = new UpstreamSession(backend, reference, owner).for(requester);
    const { text, sessionId, answer } = await unopened.start(initialize, signal);
    const resultText = text === undefined ? undefined : resultOf(text);
    const result = parseResult(resultText);
    if (resultText === undefined || result === undefined) throw refused(backend, answer, text);
    if (sessionId !== undefined && sessionId.length > MAX_SESSION_ID_BYTES) {
      throw idTooLong(backend, sessionId.length);
    }
    const { protocolVersion } = result;
    const record: UpstreamRecord = {
      ...(sessionId === undefined ? {} : { sessionId }),
      ...(backend.settings.routing === "session" || sessionId !== undefined ? where : {}),
      protocol: typeof protocolVersion === "string" ? protocolVersion : protocol,
      epoch,
    };
    const session = new UpstreamSession(backend, record, owner).for(requester);
    await courtesy(session.notify(INITIALIZED, signal));
    return {
      session,
      resultText,
      capabilities: isObject(result.capabilities) ? result.capabilities : {},
      instructions: typeof result.instructions === "string" ? result.instructions : undefined,
    };
  } catch (error) {
    if (error instanceof CircuitOpen) throw circuitOpen(backend, error);
    const isAway = error instanceof TransportFault || error instanceof EndpointGone;
    throw isAway ? unreachable(backend, error) : error;
  }
}

function idTooLong({ name }: Backend, bytes: number): FleetError {
  const reason = `its session id has ${bytes} bytes, and at most ${MAX_SESSION_ID_BYTES} are kept`;
  return new FleetError("BACKEND_REFUSED", {
    message: `the backend ${name} cannot be used: ${reason}; the call did not run`,
    data: { backend: name },
    cause: new Error(reason),
  });
}

function parseResult(text: string | undefined): Record<string, unknown> | undefined {
  const value: unknown = text === undefined ? undefined : JSON.parse(text);
  return isObject(value) ? value : undefined;
}
