import type { Settings } from "@mcp-fleet/contract/settings";
import type { LiveSession } from "../sessions/live-session.ts";
import type { SessionStore } from "../sessions/session-store.ts";
import type { Backend } from "../upstream/backend.ts";
import { FleetError } from "../wire/fleet-error.ts";
import { invalidParams, type Message } from "../wire/message.ts";
import type { Reply } from "../wire/reply.ts";
import type { Forwarder } from "./forwarder.ts";
import { HeldReply } from "./held-reply.ts";
import type { SessionStreams } from "./session-streams.ts";

export interface SubscriptionsParts {
  readonly store: SessionStore;
  readonly forwarder: Forwarder;
  readonly sessionStreams: SessionStreams;
  readonly limits: Settings["limits"];
}

/** One request of a client about a resource of a backend. */
export interface SubscriptionCall {
  readonly session: LiveSession;
  readonly backend: Backend;
  readonly uri: string;
  readonly message: Message;
  readonly reply: Reply;
}

/** Subscriptions to resources: the backend's word decides, and every process knows of them. */
export class Subscriptions {
  readonly #parts: SubscriptionsParts;

  constructor(parts: SubscriptionsParts) {
    this.#parts = parts;
  }

  /** The client has its answer once the updates have a way to it. Errors: INVALID_PARAMS beyond limits.subscriptions. */
  async subscribe({ session, backend, uri, message, reply }: SubscriptionCall): Promise<void> {
    const { store, forwarder, sessionStreams, limits } = this.#parts;
    const { subscriptions } = session.record;
    const limit = limits.subscriptions;
    if (subscriptions.length >= limit && !subscriptions.some((one) => one.uri === uri)) {
      throw invalidParams(`a session has at most ${limit} subscriptions (limits.subscriptions)`);
    }
    const { text, idText } = message;
    const held = new HeldReply(reply);
    await forwarder.forward({ session, backend, text, idText, repeatable: true, reply: held });
    if (held.succeeded) {
      session.record = present(await store.subscribe(session.key, { backend: backend.name, uri }));
      await sessionStreams.adjust(session);
    }
    held.release();
  }

  async unsubscribe({ session, backend, uri, message, reply }: SubscriptionCall): Promise<void> {
    const { store, forwarder, sessionStreams } = this.#parts;
    const { text, idText } = message;
    session.record = present(await store.unsubscribe(session.key, { backend: backend.name, uri }));
    await forwarder.forward({ session, backend, text, idText, repeatable: true, reply });
    await sessionStreams.adjust(session);
  }
}

function present<T>(record: T | undefined): T {
  if (record === undefined) throw new FleetError("SESSION_NOT_FOUND");
  return record;
}
