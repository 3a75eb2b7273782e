import { addressText } from "@mcp-fleet/contract/settings";
import { ClientMessages } from "../../calls/client-messages.ts";
import { HeldReply } from "../../calls/held-reply.ts";
import { Subscriptions } from "../../calls/subscriptions.ts";
import type { LiveSession } from "../../sessions/live-session.ts";
import type { SessionRecord } from "../../sessions/session-record.ts";
import type { Backend } from "../../upstream/backend.ts";
import { FleetError } from "../../wire/fleet-error.ts";
import { type Message, stringParam } from "../../wire/message.ts";
import type { Reply } from "../../wire/reply.ts";
import type { Role } from "../role.ts";
import type { RoleParts } from "../role-parts.ts";

/** Methods that only read: asking them twice does no harm. A tool's annotations are not known here. */
const READING: ReadonlySet<string> = new Set([
  "ping",
  "tools/list",
  "prompts/list",
  "prompts/get",
  "resources/list",
  "resources/templates/list",
  "resources/read",
  "completion/complete",
]);

/** One MCP server as it is: everything goes to the pod of the session, under its own name. */
export class ProxyRole implements Role {
  readonly #parts: RoleParts;
  readonly #backend: Backend;
  readonly #messages: ClientMessages;
  readonly #subscriptions: Subscriptions;

  constructor(parts: RoleParts) {
    const [backend] = parts.backends.values();
    if (backend === undefined) throw new FleetError("INTERNAL");
    this.#parts = parts;
    this.#backend = backend;
    this.#messages = new ClientMessages(parts);
    this.#subscriptions = new Subscriptions({ ...parts, limits: parts.settings.limits });
    parts.upstreams.onOpened((session) => void parts.sessionStreams.adjust(session));
  }

  /** Its pods were asked for before anybody could call. */
  readonly ready = true;

  /** Lists are not kept here: what a client sees is what its pod answers. */
  viewOf(): string {
    return "";
  }

  /** The client hears what its pod says of itself. Errors: those of the handshake. */
  open(session: LiveSession): Promise<string> {
    return this.#parts.upstreams.begin(session, this.#backend);
  }

  async request(session: LiveSession, message: Message, reply: Reply): Promise<void> {
    const { method } = message;
    if (method === "resources/subscribe" || method === "resources/unsubscribe") {
      const uri = stringParam(message, "uri");
      const call = { session, backend: this.#backend, uri, message, reply };
      if (method === "resources/subscribe") await this.#subscriptions.subscribe(call);
      else await this.#subscriptions.unsubscribe(call);
    } else if (method === "logging/setLevel") {
      await this.#setLevel(session, message, reply);
    } else {
      await this.#forward(session, message, reply);
    }
  }

  notification(session: LiveSession, message: Message): Promise<void> {
    return this.#messages.notification(session, message);
  }

  response(session: LiveSession, message: Message): Promise<void> {
    return this.#messages.response(session, message);
  }

  streamOpened(session: LiveSession): void {
    void this.#parts.sessionStreams.adjust(session);
  }

  streamClosed(session: LiveSession): void {
    void this.#parts.sessionStreams.adjust(session);
  }

  /** What a session has at its pod may follow from what another process did in it. */
  changed(record: SessionRecord): void {
    const session = this.#parts.streams.session(record.key);
    if (session === undefined) return;
    session.follow(record);
    void this.#parts.sessionStreams.adjust(session);
  }

  /** Whoever is told passes it on: the server speaks to its own client. */
  listsChanged(_session: LiveSession, _backend: string, text: string): string {
    return text;
  }

  listsToldOf(): void {}

  ended(record: SessionRecord): Promise<void> {
    return this.#parts.upstreams.endAll(record);
  }

  async status(): Promise<Record<string, unknown>> {
    const { settings, podReport } = this.#parts;
    const { name, settings: backend } = this.#backend;
    const row = {
      name,
      address: addressText(backend.address),
      state: this.#isUp ? "up" : "down",
      stateful: backend.stateful,
      pods: await podReport.rows(this.#backend),
    };
    return { metadata: settings.metadata, backends: [row] };
  }

  measure(): void {
    const { metrics } = this.#parts;
    metrics.backendUp.set({ backend: this.#backend.name }, this.#isUp ? 1 : 0);
  }

  async close(): Promise<void> {}

  get #isUp(): boolean {
    return this.#backend.candidates().length > 0;
  }

  /** The pod decides whether there is such a level. */
  async #setLevel(session: LiveSession, message: Message, reply: Reply): Promise<void> {
    const held = new HeldReply(reply);
    await this.#forward(session, message, held);
    const { level } = message.params;
    if (held.succeeded && typeof level === "string") {
      const record = await this.#parts.store.setLogLevel(session.key, level);
      if (record === undefined) throw new FleetError("SESSION_NOT_FOUND");
      session.record = record;
    }
    held.release();
  }

  async #forward(
    session: LiveSession,
    { method, text, idText }: Message,
    reply: Reply,
  ): Promise<void> {
    const repeatable = READING.has(method);
    const backend = this.#backend;
    await this.#parts.forwarder.forward({ session, backend, text, idText, repeatable, reply });
  }
}
