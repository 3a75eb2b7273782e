import type { Logger } from "pino";

import type { Catalog, Route } from "../catalog/catalog.ts";
import { LIST_NAMES, LISTS, type ListName } from "../catalog/offer.ts";
import type { View } from "../catalog/view.ts";
import { type Views, viewKey } from "../catalog/views.ts";
import type { Settings } from "../contract/index.ts";
import type { ClientStreams } from "../edge/client-streams.ts";
import type { Role } from "../edge/role.ts";
import type { Metrics } from "../metrics.ts";
import type { LiveSession } from "../sessions/live-session.ts";
import type { SessionRecord } from "../sessions/session-record.ts";
import type { SessionStore } from "../sessions/session-store.ts";
import type { Backend } from "../upstream/backend.ts";
import type { Forwarder } from "../upstream/forwarder.ts";
import type { UpstreamSessions } from "../upstream/upstream-sessions.ts";
import { FleetError, resultText } from "../wire/fleet-error.ts";
import { at, replace } from "../wire/json-text.ts";
import { isObject, type Message } from "../wire/message.ts";
import type { Reply } from "../wire/reply.ts";
import { backendStatus } from "./backend-status.ts";
import { ClientMessages } from "./client-messages.ts";
import { HeldReply } from "./held-reply.ts";
import { ListAnswers } from "./list-answers.ts";
import type { SessionCatalogs } from "./session-catalogs.ts";
import type { SessionStreams } from "./session-streams.ts";

export interface GatewayRoleParts {
  readonly settings: Settings;
  readonly version: string;
  readonly backends: ReadonlyMap<string, Backend>;
  readonly views: Views;
  readonly catalogs: SessionCatalogs;
  readonly store: SessionStore;
  readonly upstreams: UpstreamSessions;
  readonly forwarder: Forwarder;
  readonly streams: ClientStreams;
  readonly sessionStreams: SessionStreams;
  readonly metrics: Metrics;
  readonly log: Logger;
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

const LOG_LEVELS: readonly unknown[] = [
  "debug",
  "info",
  "notice",
  "warning",
  "error",
  "critical",
  "alert",
  "emergency",
];

/** One MCP endpoint over many backends: which backend a name belongs to, and what it is called there. */
export class GatewayRole implements Role {
  readonly #parts: GatewayRoleParts;
  readonly #lists: ListAnswers;
  readonly #messages: ClientMessages;
  #ready = false;

  readonly #handlers: Readonly<Record<string, Handler>> = {
    ping: async (_session, { idText }, reply) => reply.message(resultText(idText, "{}")),
    "tools/list": (...call) => this.#lists.answer(...call),
    "prompts/list": (...call) => this.#lists.answer(...call),
    "resources/list": (...call) => this.#lists.answer(...call),
    "resources/templates/list": (...call) => this.#lists.answer(...call),
    "tools/call": (...call) => this.#callTool(...call),
    "prompts/get": (...call) => this.#getPrompt(...call),
    "resources/read": (...call) => this.#readResource(...call),
    "resources/subscribe": (...call) => this.#subscribe(...call),
    "resources/unsubscribe": (...call) => this.#unsubscribe(...call),
    "completion/complete": (...call) => this.#complete(...call),
    "logging/setLevel": (...call) => this.#setLevel(...call),
  };

  constructor(parts: GatewayRoleParts) {
    this.#parts = parts;
    this.#lists = new ListAnswers(parts.catalogs, parts.settings.health.partialFailureMode);
    this.#messages = new ClientMessages(parts);
    parts.views.onChange((view, lists) => this.#tellListeners(view, lists));
    parts.views.keepWhile((key) => this.#hasListener(key));
    parts.upstreams.onOpened((session) => void parts.sessionStreams.adjust(session));
    void parts.views.base.settled().then(() => {
      this.#ready = true;
    });
  }

  get ready(): boolean {
    return this.#ready;
  }

  initializeResult(protocol: string): string {
    const { settings, version, views } = this.#parts;
    return JSON.stringify({
      protocolVersion: protocol,
      capabilities: CAPABILITIES,
      serverInfo: { name: settings.name, version },
      instructions: views.base.instructions,
    });
  }

  viewOf(capabilities: string): string {
    return this.#parts.views.get(viewKey(capabilities), capabilities).key;
  }

  async request(session: LiveSession, message: Message, reply: Reply): Promise<void> {
    const handler = Object.hasOwn(this.#handlers, message.method)
      ? this.#handlers[message.method]
      : undefined;
    if (handler === undefined) {
      throw new FleetError("METHOD_NOT_FOUND", { message: `Method not found: ${message.method}` });
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
    void this.#tellMissedChanges(session);
  }

  streamClosed(session: LiveSession): void {
    void this.#parts.sessionStreams.adjust(session);
  }

  ended(record: SessionRecord): Promise<void> {
    return this.#parts.upstreams.endAll(record);
  }

  status(): Record<string, unknown> {
    const { views, settings } = this.#parts;
    const { base } = views;
    return {
      groupRef: settings.groupRef,
      metadata: settings.metadata,
      backends: base.discoveries.map(backendStatus),
      conflicts: base.catalog.conflicts,
    };
  }

  async #callTool(session: LiveSession, message: Message, reply: Reply): Promise<void> {
    const name = stringParam(message, "name");
    const catalog = await this.#parts.catalogs.of(session);
    const route = catalog.tool(name) ?? this.#unknown(session, "tool", name);
    await this.#forward(session, message, reply, renamed(message, route, name), route);
  }

  async #getPrompt(session: LiveSession, message: Message, reply: Reply): Promise<void> {
    const name = stringParam(message, "name");
    const catalog = await this.#parts.catalogs.of(session);
    const route = catalog.prompt(name) ?? this.#unknown(session, "prompt", name);
    const readOnly = { ...route, repeatable: true };
    await this.#forward(session, message, reply, renamed(message, route, name), readOnly);
  }

  async #readResource(session: LiveSession, message: Message, reply: Reply): Promise<void> {
    const backend = await this.#backendOfUri(session, stringParam(message, "uri"));
    await this.#forward(session, message, reply, message.text, readFrom(backend));
  }

  async #complete(session: LiveSession, message: Message, reply: Reply): Promise<void> {
    const ref = message.params.ref;
    if (!isObject(ref)) throw invalidParams("params.ref is no object");
    const catalog = await this.#parts.catalogs.of(session);
    if (typeof ref.uri === "string") {
      const backend = catalog.template(ref.uri) ?? this.#onlyBackend(ref.uri);
      return await this.#forward(session, message, reply, message.text, readFrom(backend));
    }
    const { name } = ref;
    if (typeof name !== "string") throw invalidParams("params.ref has neither a name nor a uri");
    const route = catalog.prompt(name) ?? this.#unknown(session, "prompt", name);
    const text = renamed(message, route, name, "ref", "name");
    await this.#forward(session, message, reply, text, { ...route, repeatable: true });
  }

  async #subscribe(session: LiveSession, message: Message, reply: Reply): Promise<void> {
    const { store, settings, sessionStreams } = this.#parts;
    const uri = stringParam(message, "uri");
    const backend = await this.#backendOfUri(session, uri);
    const { subscriptions } = session.record;
    const known = subscriptions.some((one) => one.uri === uri && one.backend === backend);
    if (!known && subscriptions.length >= settings.limits.subscriptions) {
      const { subscriptions: limit } = settings.limits;
      throw invalidParams(`a session has at most ${limit} subscriptions (limits.subscriptions)`);
    }
    const held = new HeldReply(reply);
    await this.#forward(session, message, held, message.text, readFrom(backend));
    if (held.succeeded) {
      const record = await store.subscribe(session.key, { backend, uri });
      if (record !== undefined) session.record = record;
      await sessionStreams.adjust(session);
    }
    held.release();
  }

  async #unsubscribe(session: LiveSession, message: Message, reply: Reply): Promise<void> {
    const { store, sessionStreams } = this.#parts;
    const uri = stringParam(message, "uri");
    const known = session.record.subscriptions.find((one) => one.uri === uri);
    const backend = known?.backend ?? (await this.#backendOfUri(session, uri));
    const record = await store.unsubscribe(session.key, { backend, uri });
    if (record !== undefined) session.record = record;
    await this.#forward(session, message, reply, message.text, readFrom(backend));
    await sessionStreams.adjust(session);
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
    message: Message,
    reply: Reply,
    text: string,
    route: Pick<Route, "backend" | "repeatable">,
  ): Promise<void> {
    const backend = this.#parts.backends.get(route.backend);
    if (backend === undefined) throw new FleetError("INTERNAL");
    const { repeatable } = route;
    const { idText } = message;
    await this.#parts.forwarder.forward({ session, backend, text, idText, repeatable, reply });
  }

  async #backendOfUri(session: LiveSession, uri: string): Promise<string> {
    const catalog: Catalog = await this.#parts.catalogs.of(session);
    return catalog.resource(uri) ?? this.#onlyBackend(uri);
  }

  /** A URI that nobody listed may still be readable, where there is no doubt whom to ask. */
  #onlyBackend(uri: string): string {
    const [only, ...others] = this.#parts.backends.keys();
    if (only !== undefined && others.length === 0) return only;
    const { missing } = this.#parts.views.base;
    throw new FleetError("RESOURCE_NOT_FOUND", {
      message: `Resource not found: ${uri}`,
      data: { uri, ...(missing.length === 0 ? {} : { missingBackends: missing }) },
    });
  }

  /** The error for a name that nobody offers: where its backend is missing, that is what is said. */
  #unknown(session: LiveSession, kind: "tool" | "prompt", name: string): never {
    const { views, catalogs } = this.#parts;
    const { missing } = catalogs.viewOf(session);
    const prefixOf = (backend: string) => views.naming.prefix(backend);
    const owner = missing.find((one) => prefixOf(one) !== "" && name.startsWith(prefixOf(one)));
    if (owner !== undefined) {
      throw new FleetError("BACKEND_UNREACHABLE", {
        message: `the backend ${owner} cannot be reached; the call did not run`,
        data: { backend: owner },
      });
    }
    throw new FleetError("INVALID_PARAMS", {
      message: `Unknown ${kind}: ${name}`,
      data: missing.length === 0 ? {} : { missingBackends: missing },
    });
  }

  #hasListener(viewKeyWanted: string): boolean {
    for (const { record } of this.#parts.streams.sessions()) {
      if (record.view === viewKeyWanted) return true;
    }
    return false;
  }

  #tellListeners(view: View, lists: readonly ListName[]): void {
    for (const session of this.#parts.streams.sessions()) {
      if (session.record.view === view.key) this.#tellOf(session, view.catalog, lists);
    }
  }

  /** A backend told a session, not us, that its lists changed. */
  async listsChanged(session: LiveSession, backend: Backend): Promise<void> {
    const { catalogs, log } = this.#parts;
    try {
      const lists = await catalogs.changed(session, backend);
      this.#tellOf(session, await catalogs.of(session), lists);
    } catch (error) {
      log.info({ sid: session.label, backend: backend.name, error }, "changed lists stay unread");
    }
  }

  /** A client that was away while a list it had changed hears of it when it is back, and only then. */
  async #tellMissedChanges(session: LiveSession): Promise<void> {
    const catalog = await this.#parts.catalogs.of(session);
    const missed = LIST_NAMES.filter((list) => {
      const digest = session.listed.get(list);
      return digest !== undefined && digest !== catalog.digest(list);
    });
    this.#tellOf(session, catalog, missed);
  }

  #tellOf(session: LiveSession, catalog: Catalog, lists: readonly ListName[]): void {
    for (const list of lists) {
      session.listed.set(list, catalog.digest(list));
      this.#parts.metrics.listChanges.inc({ list });
    }
    for (const method of new Set(lists.map((list) => LISTS[list].changed))) {
      this.#parts.streams.send(session.key, JSON.stringify({ jsonrpc: "2.0", method }));
    }
  }
}

function stringParam(message: Message, key: string): string {
  const value = message.params[key];
  if (typeof value !== "string") throw invalidParams(`params.${key} is no string`);
  return value;
}

function invalidParams(message: string): FleetError {
  return new FleetError("INVALID_PARAMS", { message });
}

/** The message with the name that the backend knows, all else untouched. */
function renamed(message: Message, route: Route, name: string, ...path: string[]): string {
  if (route.name === name) return message.text;
  const keys = path.length === 0 ? ["name"] : path;
  const span = at(message.text, "params", ...keys);
  return span === undefined
    ? message.text
    : replace(message.text, span, JSON.stringify(route.name));
}

function readFrom(backend: string): Pick<Route, "backend" | "repeatable"> {
  return { backend, repeatable: true };
}
