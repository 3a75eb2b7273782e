import { ClientMessages } from "../../calls/client-messages.ts";
import { LOG_LEVELS } from "../../calls/renewal-notice.ts";
import { Subscriptions } from "../../calls/subscriptions.ts";
import type { Route } from "../../catalog/catalog.ts";
import { type Views, viewKey } from "../../catalog/views.ts";
import { VERSION } from "../../server/version.ts";
import type { LiveSession } from "../../sessions/live-session.ts";
import type { SessionRecord } from "../../sessions/session-record.ts";
import type { Backend } from "../../upstream/backend.ts";
import { FleetError, resultText } from "../../wire/fleet-error.ts";
import { cut, type Member, members, replace, type Span } from "../../wire/json-text.ts";
import { invalidParams, isObject, type Message, stringParam } from "../../wire/message.ts";
import type { Reply } from "../../wire/reply.ts";
import type { Role } from "../role.ts";
import type { RoleParts } from "../role-parts.ts";
import { backendStatus } from "./backend-status.ts";
import { ListAnswers } from "./list-answers.ts";
import { ListChanges } from "./list-changes.ts";
import { Routing } from "./routing.ts";
import type { SessionCatalogs } from "./session-catalogs.ts";

export interface GatewayRoleParts extends RoleParts {
  readonly views: Views;
  readonly catalogs: SessionCatalogs;
}

type Handler = (session: LiveSession, message: Message, reply: Reply) => Promise<void>;

/** The capabilities that the fleet can carry, whatever the backends of the moment have: others may join later. */
const CAPABILITIES = {
  tools: { listChanged: true },
  prompts: { listChanged: true },
  resources: { subscribe: true, listChanged: true },
  completions: {},
  logging: {},
};

/** One MCP endpoint over many backends: what each method of a client comes to. */
export class GatewayRole implements Role {
  readonly #parts: GatewayRoleParts;
  readonly #routing: Routing;
  readonly #lists: ListAnswers;
  readonly #changes: ListChanges;
  readonly #messages: ClientMessages;
  readonly #subscriptions: Subscriptions;
  readonly #handlers: Readonly<Record<string, Handler>>;
  #ready = false;

  constructor(parts: GatewayRoleParts) {
    const { catalogs, views, settings } = parts;
    this.#parts = parts;
    this.#routing = new Routing(catalogs, views.naming, [...parts.backends.keys()]);
    this.#lists = new ListAnswers(catalogs, settings.health.partialFailureMode);
    this.#changes = new ListChanges(parts);
    this.#messages = new ClientMessages(parts);
    this.#subscriptions = new Subscriptions({ ...parts, limits: settings.limits });
    const list: Handler = (...call) => this.#lists.answer(...call);
    this.#handlers = {
      ping: async (_session, { idText }, reply) => reply.message(resultText(idText, "{}")),
      "tools/list": list,
      "prompts/list": list,
      "resources/list": list,
      "resources/templates/list": list,
      "tools/call": (...call) => this.#callTool(...call),
      "prompts/get": (...call) => this.#getPrompt(...call),
      "resources/read": (...call) => this.#readResource(...call),
      "resources/subscribe": (...call) => this.#subscribe(...call),
      "resources/unsubscribe": (...call) => this.#unsubscribe(...call),
      "completion/complete": (...call) => this.#complete(...call),
      "logging/setLevel": (...call) => this.#setLevel(...call),
    };
    parts.upstreams.onOpened((session) => void parts.sessionStreams.adjust(session));
    void views.base.settled().then(() => {
      this.#ready = true;
    });
  }

  get ready(): boolean {
    return this.#ready;
  }

  viewOf(capabilities: string): string {
    return this.#parts.views.get(viewKey(capabilities), capabilities).key;
  }

  /** Asks no backend. */
  async open({ record }: LiveSession): Promise<string> {
    const { settings, views } = this.#parts;
    return JSON.stringify({
      protocolVersion: record.protocol,
      capabilities: CAPABILITIES,
      serverInfo: { name: settings.name, version: VERSION },
      instructions: views.base.instructions,
    });
  }

  async request(session: LiveSession, message: Message, reply: Reply): Promise<void> {
    const { method } = message;
    const handler = Object.hasOwn(this.#handlers, method) ? this.#handlers[method] : undefined;
    if (handler === undefined) {
      throw new FleetError("METHOD_NOT_FOUND", { message: `Method not found: ${method}` });
    }
    await handler(session, message, reply);
  }

  notification(session: LiveSession, message: Message): Promise<void> {
    return this.#messages.notification(session, message);
  }

  response(session: LiveSession, message: Message): Promise<void> {
    return this.#messages.response(session, message);
  }

  streamOpened(session: LiveSession): void {
    void this.#parts.sessionStreams.adjust(session);
    void this.#changes.tellMissed(session);
  }

  streamClosed(session: LiveSession): void {
    void this.#parts.sessionStreams.adjust(session);
  }

  /** What a session has at backends may follow from what another process did in it. */
  changed(record: SessionRecord): void {
    const session = this.#parts.streams.session(record.key);
    if (session === undefined) return;
    session.follow(record);
    void this.#parts.sessionStreams.adjust(session);
  }

  listsChanged(session: LiveSession, backend: string): undefined {
    void this.#changes.heard(session, this.#backend(backend));
  }

  listsToldOf(view: string, backend: string): void {
    this.#parts.views.refresh(view, backend);
  }

  ended(record: SessionRecord): Promise<void> {
    return this.#parts.upstreams.endAll(record);
  }

  async status(): Promise<Record<string, unknown>> {
    const { views, settings, podReport } = this.#parts;
    const { base } = views;
    return {
      groupRef: settings.groupRef,
      metadata: settings.metadata,
      backends: await Promise.all(base.discoveries.map((one) => backendStatus(one, podReport))),
      conflicts: base.catalog.conflicts,
    };
  }

  measure(): void {
    const { views, metrics } = this.#parts;
    for (const { backend, health } of views.base.discoveries) {
      metrics.backendUp.set({ backend: backend.name }, health.state === "up" ? 1 : 0);
    }
  }

  close(): Promise<void> {
    return this.#parts.views.close();
  }

  async #callTool(session: LiveSession, message: Message, reply: Reply): Promise<void> {
    const route = await this.#routing.tool(session, stringParam(message, "name"));
    await this.#forward(session, renamed(message, route, paramAt(message, "name")), route, reply);
  }

  async #getPrompt(session: LiveSession, message: Message, reply: Reply): Promise<void> {
    const route = await this.#routing.prompt(session, stringParam(message, "name"));
    await this.#forward(session, renamed(message, route, paramAt(message, "name")), route, reply);
  }

  async #readResource(session: LiveSession, message: Message, reply: Reply): Promise<void> {
    const route = await this.#routing.resource(session, stringParam(message, "uri"));
    await this.#forward(session, message, route, reply);
  }

  async #complete(session: LiveSession, message: Message, reply: Reply): Promise<void> {
    const { ref } = message.params;
    if (!isObject(ref)) throw invalidParams("params.ref is no object");
    const { name, uri } = ref;
    if (typeof uri === "string") {
      const route = await this.#routing.template(session, uri);
      await this.#forward(session, message, route, reply);
    } else if (typeof name === "string") {
      const route = await this.#routing.prompt(session, name);
      await this.#forward(
        session,
        renamed(message, route, memberAt(message, "ref", "name")),
        route,
        reply,
      );
    } else throw invalidParams("params.ref has neither a name nor a uri");
  }

  async #subscribe(session: LiveSession, message: Message, reply: Reply): Promise<void> {
    const uri = stringParam(message, "uri");
    const { backend } = await this.#routing.resource(session, uri);
    const call = { session, backend: this.#backend(backend), uri, message, reply };
    await this.#subscriptions.subscribe(call);
  }

  async #unsubscribe(session: LiveSession, message: Message, reply: Reply): Promise<void> {
    const uri = stringParam(message, "uri");
    const known = session.record.subscriptions.find((one) => one.uri === uri);
    const { backend } = known ?? (await this.#routing.resource(session, uri));
    const call = { session, backend: this.#backend(backend), uri, message, reply };
    await this.#subscriptions.unsubscribe(call);
  }

  async #setLevel(session: LiveSession, message: Message, reply: Reply): Promise<void> {
    const level = stringParam(message, "level");
    if (!LOG_LEVELS.includes(level)) {
      throw invalidParams(`params.level is none of ${LOG_LEVELS.join(", ")}`);
    }
    const record = await this.#parts.store.setLogLevel(session.key, level);
    if (record === undefined) throw new FleetError("SESSION_NOT_FOUND");
    session.record = record;
    await this.#messages.askAll(session, message.text);
    reply.message(resultText(message.idText, "{}"));
  }

  async #forward(
    session: LiveSession,
    { text, idText }: Pick<Message, "text" | "idText">,
    route: Pick<Route, "backend" | "repeatable">,
    reply: Reply,
  ): Promise<void> {
    const backend = this.#backend(route.backend);
    const { repeatable } = route;
    await this.#parts.forwarder.forward({ session, backend, text, idText, repeatable, reply });
  }

  #backend(name: string): Backend {
    const backend = this.#parts.backends.get(name);
    if (backend === undefined) throw new FleetError("INTERNAL");
    return backend;
  }
}

/** The message with the name that the backend knows in this place, all else untouched. */
function renamed(
  { text, idText }: Message,
  route: Route,
  span: Span | undefined,
): Pick<Message, "text" | "idText"> {
  const name = JSON.stringify(route.name);
  if (span === undefined || cut(text, span) === name) return { text, idText };
  return { idText, text: replace(text, span, name) };
}

function paramAt({ paramSpans }: Message, key: string): Member | undefined {
  return paramSpans.find((param) => param.key === key);
}

/** Errors: INVALID_REQUEST for a key that stands twice in the param. */
function memberAt(message: Message, param: string, key: string): Member | undefined {
  const outer = paramAt(message, param);
  if (outer === undefined) return undefined;
  try {
    return members(message.text, outer.start).find((member) => member.key === key);
  } catch (cause) {
    const text = cause instanceof Error ? cause.message : String(cause);
    throw new FleetError("INVALID_REQUEST", { message: text, cause });
  }
}
