import type { UpstreamRecord } from "../../sessions/session-record.ts";
import { FleetError } from "../../wire/fleet-error.ts";
import { isObject } from "../../wire/message.ts";
import type { Backend } from "../backend.ts";
import { PodGone } from "../endpoints/pod-gone.ts";
import { TransportFault } from "../transports/transport-fault.ts";
import { resultOf, UpstreamSession } from "./upstream-session.ts";

/** What we say of the client, or of ourselves, to a backend. All but the version as JSON text. */
export interface Introduction {
  readonly protocol: string;
  readonly clientInfo: string;
  readonly capabilities: string;
}

/** What a backend says of itself. */
export interface Welcome {
  readonly session: UpstreamSession;
  /** The result of initialize, as JSON text. */
  readonly resultText: string;
  readonly capabilities: Readonly<Record<string, unknown>>;
  readonly instructions: string | undefined;
}

const INITIALIZED = '{"jsonrpc":"2.0","method":"notifications/initialized"}';

/**
 * Opens a session at a backend, at this pod or the least busy one: initialize, then initialized. Where the backend
 * keeps sessions, the session stays with its pod.
 * Errors: BACKEND_UNREACHABLE, BACKEND_REFUSED, BACKEND_TIMEOUT (as the signal's reason).
 */
export async function handshake(
  backend: Backend,
  introduction: Introduction,
  epoch: number,
  signal: AbortSignal,
  pod = backend.hasPods ? backend.leastBusy()?.name : undefined,
): Promise<Welcome> {
  const { protocol, clientInfo, capabilities } = introduction;
  const params = `{"protocolVersion":${JSON.stringify(protocol)},"capabilities":${capabilities},"clientInfo":${clientInfo}}`;
  const initialize = `{"jsonrpc":"2.0","id":"mcp-fleet.initialize","method":"initialize","params":${params}}`;
  try {
    const where = pod === undefined ? {} : { pod };
    const stranger = new UpstreamSession(backend, { protocol: "", epoch, ...where });
    const answer = await stranger.ask(initialize, "open", signal);
    const resultText = answer.text === undefined ? undefined : resultOf(answer.text);
    const result = parseResult(resultText);
    if (resultText === undefined || result === undefined)
      throw refused(backend, answer.statusCode, answer.text);
    const { protocolVersion } = result;
    const record: UpstreamRecord = {
      ...(answer.sessionId === undefined ? {} : { sessionId: answer.sessionId }),
      ...(backend.settings.routing === "session" || answer.sessionId !== undefined ? where : {}),
      protocol: typeof protocolVersion === "string" ? protocolVersion : protocol,
      epoch,
    };
    const session = new UpstreamSession(backend, record);
    await session.tell(INITIALIZED, signal);
    return {
      session,
      resultText,
      capabilities: isObject(result.capabilities) ? result.capabilities : {},
      instructions: typeof result.instructions === "string" ? result.instructions : undefined,
    };
  } catch (error) {
    const isAway = error instanceof TransportFault || error instanceof PodGone;
    throw isAway ? unreachable(backend, error) : error;
  }
}

export function unreachable(backend: Backend, cause: unknown): FleetError {
  return new FleetError("BACKEND_UNREACHABLE", {
    message: `the backend ${backend.name} cannot be reached; the call did not run`,
    data: { backend: backend.name },
    cause,
  });
}

export function refused(
  backend: Backend,
  statusCode: number,
  body: string | undefined,
): FleetError {
  return new FleetError("BACKEND_REFUSED", {
    message: `the backend ${backend.name} refused the request with HTTP ${statusCode}; the call did not run`,
    data: { backend: backend.name, httpStatus: statusCode },
    cause: body?.slice(0, 500),
  });
}

function parseResult(text: string | undefined): Record<string, unknown> | undefined {
  const value: unknown = text === undefined ? undefined : JSON.parse(text);
  return isObject(value) ? value : undefined;
}
