import { brief } from "@mcp-fleet/contract";
import type { Span } from "@opentelemetry/api";
import type { BackendInterceptor } from "../upstream/backend.ts";
import type { Answer, Purpose, TransportRequest } from "../upstream/transports/transport.ts";
import { FleetError } from "../wire/fleet-error.ts";
import { at, cut } from "../wire/json-text.ts";
import { type Envelope, envelopeOf } from "../wire/message.ts";
import { type CallTrace, fail } from "./call-trace.ts";
import { withTrace } from "./meta-text.ts";
import { named } from "./named-attributes.ts";
import { runningTrace } from "./traced-calls.ts";

/** What has a span of its own. Streams live longer than calls, and probes are of none. */
const TRACED: ReadonlySet<Purpose> = new Set(["call", "open", "list", "notify"]);

/** Has the requests that a call causes go on in its trace: in headers and, where the call is sampled, in `_meta`. */
export function traceRequests(): BackendInterceptor {
  return async (request, { name: backend }, next) => {
    const running = runningTrace();
    if (running === undefined || !TRACED.has(request.purpose)) return await next(request);
    const envelope = running.isSampled ? envelopeOf(request.text) : undefined;
    if (envelope === undefined || envelope.method === "") {
      return await next(withHeaders(request, running.headers()));
    }
    const span = open(running, request, envelope, backend);
    try {
      const headers = running.headers(span);
      const isRequest = envelope.kind === "request";
      const text = isRequest ? withTrace(request.text, headers) : request.text;
      const answer = await next({ ...withHeaders(request, headers), text });
      finish(running, span, request, answer);
      return answer;
    } catch (error) {
      fail(span, error instanceof FleetError ? error.code : nameOf(error));
      span.end();
      throw error;
    }
  };
}

function open(
  running: CallTrace,
  { text, purpose }: TransportRequest,
  { method }: Envelope,
  backend: string,
): Span {
  const hasTarget = method === "tools/call" || method === "prompts/get";
  const target = hasTarget ? nameIn(text) : undefined;
  const values = { method, server: backend, attempt: purpose };
  return running.request(
    target === undefined ? method : `${method} ${target}`,
    named(values, method, target, running.useLegacyAttributes),
  );
}

/** The answer to a call arrives while it is relayed: only then is the request over. */
function finish(
  running: CallTrace,
  span: Span,
  { purpose }: TransportRequest,
  { kind }: Answer,
): void {
  const isMessage = kind === "json" || kind === "events";
  if (isMessage && purpose === "call") {
    running.keepOpen(span);
    return;
  }
  if (!isMessage && kind !== "accepted") fail(span, kind);
  span.end();
}

function withHeaders(
  request: TransportRequest,
  headers: Readonly<Record<string, string>>,
): TransportRequest {
  return { ...request, headers: { ...request.headers, ...headers } };
}

function nameIn(text: string): string | undefined {
  const span = at(text, "params", "name");
  if (span === undefined) return undefined;
  const name: unknown = JSON.parse(cut(text, span));
  return typeof name === "string" ? brief(name) : undefined;
}

function nameOf(error: unknown): string {
  return error instanceof Error ? error.name : "unknown";
}
