import type { IncomingMessage } from "node:http";
import type { AuditEventType, AuditSettings } from "@mcp-fleet/contract/settings";
import type { Call, Interceptor } from "../calls/call.ts";
import type { RequestContext } from "../calls/request-context.ts";
import { clock } from "../platform/clock.ts";
import { random } from "../platform/random.ts";
import type { Events } from "../sessions/events.ts";
import { ANONYMOUS, type Principal } from "../sessions/principal.ts";
import { sessionLabel } from "../sessions/session-id.ts";
import type { Metrics } from "../telemetry/metrics.ts";
import { asFleetError, FleetError } from "../wire/fleet-error.ts";
import type { Message } from "../wire/message.ts";
import { type AuditEvent, auditLine, type Outcome } from "./audit-event.ts";
import type { AuditQueue } from "./audit-queue.ts";
import { AuditedReply } from "./audited-reply.ts";
import {
  applicationError,
  clientInfoIn,
  dataOf,
  isLimit,
  outcomeOf,
  targetOf,
  typeOf,
} from "./call-events.ts";
import type { Redaction } from "./redaction.ts";
import { shown, subjectsOf } from "./subjects.ts";

/** An event without its data, at most: texts of clients in it are cut. */
const EVENT_BYTES = 8 * 2 ** 10;

/** Characters of data that JSON may write as six bytes. */
const ESCAPED = 6;

/** What a response may be looked at for, beside its data. */
const BEGINNING_BYTES = 512;

export interface AuditorParts {
  readonly settings: AuditSettings;
  /** The gateway's. */
  readonly name: string;
  readonly queue: AuditQueue;
  readonly redaction: Redaction;
  /** The address that a request comes from, where one is known. */
  readonly addressOf: (incoming: IncomingMessage) => string | undefined;
  readonly events: Events;
  readonly metrics: Metrics;
}

/** Says of everything that happens to clients, sessions and the process what, by whom and with which outcome. */
export class Auditor {
  readonly #parts: AuditorParts;
  readonly #types: ReadonlySet<AuditEventType>;
  readonly #keptBytes: number;
  readonly #reservedBytes: number;

  constructor(parts: AuditorParts) {
    const { settings } = parts;
    const data = [settings.includeRequestData, settings.includeResponseData].filter(Boolean).length;
    this.#parts = parts;
    this.#types = new Set(settings.eventTypes);
    this.#keptBytes = Math.max(
      settings.includeResponseData ? settings.maxDataBytes : 0,
      settings.detectApplicationErrors ? BEGINNING_BYTES : 0,
    );
    this.#reservedBytes = EVENT_BYTES + data * ESCAPED * settings.maxDataBytes;
    this.#follow(parts.events);
  }

  /** Around every request of a client, the refused ones included. */
  readonly interceptor: Interceptor = async (call, next) => {
    const { context, message } = call;
    const type = typeOf(message);
    // What the process asks by itself is nobody's doing.
    if (context.incoming === undefined) return await next(call);
    if (!this.#types.has(type)) return await this.#limitsOnly(call, next);
    const { queue, settings } = this.#parts;
    const refuses = settings.onOverload === "refuse";
    if (refuses && !queue.reserve(this.#reservedBytes)) throw new FleetError("AUDIT_UNAVAILABLE");
    const reply = this.#keptBytes > 0 ? new AuditedReply(call.reply, this.#keptBytes) : undefined;
    let failure: FleetError | undefined;
    try {
      await next(reply === undefined ? call : { context, message, reply });
    } catch (thrown) {
      failure = asFleetError(thrown);
      throw failure;
    } finally {
      if (refuses) queue.free(this.#reservedBytes);
      this.#answered(type, call, reply, failure);
    }
  };

  /** A notification of a client. */
  readonly heard = (context: RequestContext, message: Message): void => {
    this.#write({ ...this.#about(typeOf(message), context, message), outcome: "success" });
  };

  /** Whether policies let a principal use an item. */
  decided(
    principal: Principal,
    list: string,
    name: string,
    backend: string,
    permits: boolean,
  ): void {
    this.#write({
      type: "policy_decision",
      outcome: permits ? "success" : "denied",
      source: LOCAL,
      subjects: this.#subjects(principal, "{}"),
      target: { type: list, name: this.#shown(name), backend },
    });
  }

  /** What somebody did at the admin port. */
  administered(action: string, target: Readonly<Record<string, string>>): void {
    this.#write({
      type: "administration",
      outcome: "success",
      source: LOCAL,
      subjects: { user: "operator" },
      target: { action, ...target },
    });
  }

  async close(): Promise<void> {
    await this.#parts.queue.close();
  }

  async #limitsOnly(call: Call, next: (call: Call) => Promise<void>): Promise<void> {
    try {
      await next(call);
    } catch (thrown) {
      const error = asFleetError(thrown);
      this.#limited(call, error);
      throw error;
    }
  }

  #follow(events: Events): void {
    events.on("requestRefused", (incoming, error) => this.#refused(incoming, error));
    events.on("sessionRequested", (method, session, incoming, principal) =>
      this.#write({
        type: method === "GET" ? "sse_connection" : "http_request",
        outcome: "success",
        source: this.#source(incoming, session.label),
        subjects: this.#subjects(principal, session.record.clientInfo),
        target: { endpoint: "/mcp", method, type: method === "GET" ? "sse_endpoint" : "endpoint" },
      }),
    );
    events.on("sessionEnded", ({ key }, reason) =>
      this.#write({
        type: "session_ended",
        outcome: "success",
        source: LOCAL,
        subjects: {},
        target: { session: sessionLabel(key), reason },
      }),
    );
    events.on("configurationTaken", (generation, digest) =>
      this.#configured("success", { generation: String(generation), digest }),
    );
    events.on("configurationRefused", (reason, faults) =>
      this.#configured("failure", { reason, fault: shown(faults[0] ?? "") }),
    );
  }

  #configured(outcome: Outcome, target: Readonly<Record<string, string>>): void {
    const type = "configuration_change";
    this.#write({ type, outcome, source: LOCAL, subjects: {}, target });
  }

  #refused(incoming: IncomingMessage, { code, statusCode }: FleetError): void {
    const isLogin = code === "UNAUTHENTICATED" || code === "INSUFFICIENT_SCOPE";
    const event = {
      outcome: outcomeOf(code, statusCode),
      source: this.#source(incoming, undefined),
      subjects: { user: "unknown" },
      target: { endpoint: "/mcp", method: incoming.method ?? "", error: code },
    };
    this.#write({ type: isLogin ? "login" : "refusal", ...event });
    if (isLimit(code)) this.#write({ type: "limit_reached", ...event });
  }

  #answered(
    type: AuditEventType,
    call: Call,
    reply: AuditedReply | undefined,
    failure: FleetError | undefined,
  ): void {
    const { context, message } = call;
    const { settings } = this.#parts;
    const about = this.#about(type, context, message);
    const found =
      failure === undefined && reply !== undefined && settings.detectApplicationErrors
        ? applicationError(reply.kept)
        : undefined;
    const failed = failure && outcomeOf(failure.code, failure.statusCode);
    const outcome = failed ?? (found === undefined ? "success" : "application_error");
    const data = this.#data(message, reply);
    this.#write({
      ...about,
      outcome,
      target: { ...about.target, ...(failure && { error: failure.code }) },
      extra: {
        duration_ms: Math.round(clock.monotonicMs() - context.startedAtMs),
        transport: "http",
        ...(reply !== undefined && { response_size_bytes: reply.bytes }),
        ...(context.backend !== "" && { backend_name: context.backend }),
        ...found,
      },
      ...(data && { data }),
    });
    if (failure !== undefined) this.#limited(call, failure);
    const { principal } = context;
    const isLogin = type === "mcp_initialize" && principal.owner !== ANONYMOUS.owner;
    if (isLogin && failure === undefined) {
      this.#write({ ...about, type: "login", outcome: "success" });
    }
  }

  #limited({ context, message }: Call, { code, data, statusCode }: FleetError): void {
    if (!isLimit(code)) return;
    const about = this.#about("limit_reached", context, message);
    const { limit } = data;
    const target = {
      ...about.target,
      error: code,
      ...(typeof limit === "string" && { limit }),
    };
    this.#write({ ...about, target, outcome: outcomeOf(code, statusCode) });
  }

  #about(
    type: AuditEventType,
    { principal, session, incoming, client }: RequestContext,
    message: Message,
  ): Omit<AuditEvent, "outcome"> {
    const { name, ...target } = targetOf(message);
    return {
      type,
      source: this.#source(incoming, session?.label),
      subjects: this.#subjects(principal, clientInfoIn(message) ?? client.clientInfo),
      target: { ...target, ...(name !== undefined && { name: this.#shown(name) }) },
    };
  }

  #data(message: Message, reply: AuditedReply | undefined): Record<string, unknown> | undefined {
    const { settings, redaction } = this.#parts;
    const { includeRequestData, includeResponseData, maxDataBytes } = settings;
    const data: Record<string, unknown> = {};
    if (includeRequestData && message.text.length <= maxDataBytes) {
      data.request = redaction.value(message.params);
    }
    if (
      includeResponseData &&
      reply !== undefined &&
      reply.bytes > 0 &&
      reply.bytes <= maxDataBytes
    ) {
      data.response = redaction.value(dataOf(reply.kept.toString()));
    }
    return Object.keys(data).length === 0 ? undefined : data;
  }

  #source(
    incoming: IncomingMessage | undefined,
    session: string | undefined,
  ): AuditEvent["source"] {
    if (incoming === undefined) return LOCAL;
    const { "user-agent": userAgent, "x-request-id": requestId } = incoming.headers;
    const direct = incoming.socket.remoteAddress ?? "unknown";
    return {
      type: "network",
      value: this.#parts.addressOf(incoming) ?? direct,
      extra: {
        ...(userAgent !== undefined && { user_agent: shown(userAgent) }),
        ...(requestId !== undefined && { request_id: shown(requestId) }),
        ...(session !== undefined && { session_id: session }),
      },
    };
  }

  #subjects(principal: Principal, clientInfo: string): Record<string, string> {
    return subjectsOf(principal, clientInfo, this.#parts.settings.maxDelegationDepth);
  }

  #shown(text: string): string {
    return this.#parts.redaction.text(shown(text));
  }

  #write(event: AuditEvent): void {
    if (!this.#types.has(event.type)) return;
    const { settings, name, queue, metrics } = this.#parts;
    metrics.auditEvents.inc({ type: event.type });
    queue.push(auditLine(event, settings.component ?? name, random.uuid(), clock.now()));
  }
}

const LOCAL: AuditEvent["source"] = { type: "local", value: "process" };
