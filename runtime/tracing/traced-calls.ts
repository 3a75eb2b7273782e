import { AsyncLocalStorage } from "node:async_hooks";
import type { IncomingHttpHeaders } from "node:http";
import type { Settings, TelemetrySettings } from "@mcp-fleet/contract/settings";
import {
  type Attributes,
  type Context,
  defaultTextMapGetter,
  ROOT_CONTEXT,
  SpanKind,
  type Tracer,
  trace,
} from "@opentelemetry/api";
import type { Call, Interceptor } from "../calls/call.ts";
import { asFleetError } from "../wire/fleet-error.ts";
import { isObject, type Message } from "../wire/message.ts";
import { methodLabel } from "../wire/methods.ts";
import { allowedBaggage } from "./baggage.ts";
import { asDate, CallTrace, PROPAGATOR } from "./call-trace.ts";
import { named } from "./named-attributes.ts";

export interface TracedCallsParts {
  readonly tracer: Tracer;
  readonly settings: Pick<Settings, "name">;
  readonly tracing: NonNullable<TelemetrySettings["tracing"]>;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

const RUNNING = new AsyncLocalStorage<CallTrace>();

/** The trace of the call that runs now, until it has ended. */
export function runningTrace(): CallTrace | undefined {
  const running = RUNNING.getStore();
  return running?.hasEnded ? undefined : running;
}

/** Has every call run in a trace: that of its client, or one that begins here. */
export function traceCalls(parts: TracedCallsParts): Interceptor {
  const environment = Object.fromEntries(
    parts.tracing.environmentVariables.map((name) => [
      `environment.${name}`,
      parts.environment[name] ?? "",
    ]),
  );
  return async (call, next) => {
    const running = begin(call, parts, environment);
    try {
      await RUNNING.run(running, () => next(call));
      running.end();
    } catch (thrown) {
      const error = asFleetError(thrown);
      running.end(error.code);
      throw error;
    }
  };
}

function begin(
  call: Call,
  { tracer, settings, tracing }: TracedCallsParts,
  environment: Attributes,
): CallTrace {
  const { context, message } = call;
  const parent = parentOf(message, context.headers ?? {});
  const { useLegacyAttributes } = tracing;
  const restored = context.session?.restored;
  const options = {
    kind: SpanKind.SERVER,
    ...(restored !== undefined && { startTime: asDate(restored.startedAtMs) }),
  };
  const span = tracer.startSpan(methodLabel(message.method), options, parent);
  const baggage = allowedBaggage(context.headers?.baggage, tracing.baggage);
  const running = new CallTrace({ tracer, parent, span, baggage, useLegacyAttributes });
  if (context.session !== undefined) context.session.restored = undefined;
  if (!running.isSampled) return running;
  const target = targetOf(message);
  span.updateName(target === undefined ? message.method : `${message.method} ${target}`);
  span.setAttributes({
    ...named(
      {
        method: message.method,
        session: context.session?.label,
        protocol: context.client.protocol,
        requestId: message.idText,
        resource: message.method.startsWith("resources/") ? textOf(message.params.uri) : undefined,
        server: settings.name,
      },
      message.method,
      target,
      useLegacyAttributes,
    ),
    ...environment,
  });
  if (restored !== undefined) {
    running.recordUntil("session restore", restored.startedAtMs, restored.endedAtMs, false);
  }
  return running;
}

/** What a client says in `_meta` is about this very message, so it wins over the headers of its request. */
function parentOf({ params }: Message, headers: IncomingHttpHeaders): Context {
  const { _meta: meta } = params;
  const inMeta = isObject(meta)
    ? PROPAGATOR.extract(ROOT_CONTEXT, meta, defaultTextMapGetter)
    : undefined;
  if (inMeta !== undefined && trace.getSpanContext(inMeta) !== undefined) return inMeta;
  if (headers.traceparent === undefined) return ROOT_CONTEXT;
  return PROPAGATOR.extract(ROOT_CONTEXT, headers, defaultTextMapGetter);
}

function targetOf({ method, params }: Message): string | undefined {
  return method === "tools/call" || method === "prompts/get" ? textOf(params.name) : undefined;
}

function textOf(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}
