import type { Settings } from "@mcp-fleet/contract/settings";
import type { LiveSession } from "../sessions/live-session.ts";
import type { SessionRecord, Subscription } from "../sessions/session-record.ts";
import type { SessionStore } from "../sessions/session-store.ts";
import type { Backend } from "../upstream/backend.ts";
import { FleetError } from "../wire/fleet-error.ts";
import { invalidParams } from "../wire/message.ts";
import type { Call } from "./call.ts";
import type { Forwarder } from "./forwarder.ts";
import { HeldReply } from "./held-reply.ts";
import type { SessionStreams } from "./session-streams.ts";

export interface SubscriptionsParts {
  readonly sessions: SessionStore;
  readonly forwarder: Forwarder;
  readonly sessionStreams: SessionStreams;
  readonly limits: Settings["limits"];
}

/** Subscriptions to resources: the backend's word decides, and every process knows of them. */
export class Subscriptions {
  readonly #parts: SubscriptionsParts;

  constructor(parts: SubscriptionsParts) {
    this.#parts = parts;
  }

  /**
   * The client has its answer once the updates have a way to it.
   *
   * @throws INVALID_PARAMS beyond limits.subscriptions and limits.subscriptionBytes, before the backend hears of it.
   */
  async subscribe(call: Call, backend: Backend, uri: string): Promise<void> {
    const { sessions, forwarder, sessionStreams } = this.#parts;
    const session = sessionOf(call);
    const subscription = { backend: backend.name, uri };
    const { text } = call.message;
    this.#checkRoom([...session.record.subscriptions, ...session.subscribing], uri);
    const held = new HeldReply(call.reply);
    // The first update may come before the backend's answer, or before the store has noted it.
    session.subscribing = [...session.subscribing, subscription];
    try {
      await forwarder.forward({ call, backend, text, repeatable: true, reply: held });
      if (held.succeeded) {
        session.follow(present(await sessions.subscribe(session.key, subscription)));
        await sessionStreams.adjust(session);
      }
    } finally {
      session.subscribing = session.subscribing.filter((one) => one !== subscription);
    }
    held.release();
  }

  #checkRoom(subscriptions: readonly Subscription[], uri: string): void {
    const { subscriptions: count, subscriptionBytes: bytes } = this.#parts.limits;
    const subscribed = subscriptions.map((one) => one.uri);
    if (subscribed.includes(uri)) return;
    if (subscribed.length >= count) {
      throw invalidParams(`a session has at most ${count} subscriptions (limits.subscriptions)`);
    }
    const used = subscribed.reduce((sum, one) => sum + Buffer.byteLength(one), 0);
    if (used + Buffer.byteLength(uri) > bytes) {
      throw invalidParams(
        `the URIs of a session's subscriptions have at most ${bytes} bytes (limits.subscriptionBytes)`,
      );
    }
  }

  async unsubscribe(call: Call, backend: Backend, uri: string): Promise<void> {
    const { sessions, forwarder, sessionStreams } = this.#parts;
    const session = sessionOf(call);
    const { text } = call.message;
    const subscription = { backend: backend.name, uri };
    session.follow(present(await sessions.unsubscribe(session.key, subscription)));
    await forwarder.forward({ call, backend, text, repeatable: true });
    await sessionStreams.adjust(session);
  }
}

/**
 * Subscriptions are kept in the session.
 *
 * @throws SESSION_REQUIRED.
 */
function sessionOf({ context }: Call): LiveSession {
  if (context.session === undefined) throw new FleetError("SESSION_REQUIRED");
  return context.session;
}

function present(record: SessionRecord | undefined): SessionRecord {
  if (record === undefined) throw new FleetError("SESSION_NOT_FOUND");
  return record;
}
