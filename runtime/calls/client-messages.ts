import type { Settings } from "@mcp-fleet/contract/settings";
import type { Logger } from "pino";
import type { FleetBus } from "../fleet/fleet-bus.ts";
import { clock } from "../platform/clock.ts";
import type { LiveSession } from "../sessions/live-session.ts";
import type { BackendRegistry } from "../upstream/backend-registry.ts";
import { courtesy } from "../upstream/sessions/courtesy.ts";
import type { UpstreamSession } from "../upstream/sessions/upstream-session.ts";
import type { UpstreamSessions } from "../upstream/sessions/upstream-sessions.ts";
import { describe } from "../upstream/transports/answer-text.ts";
import type { Requester } from "../upstream/transports/transport.ts";
import { FleetError } from "../wire/fleet-error.ts";
import { at, cut, replace, type Span } from "../wire/json-text.ts";
import type { Message } from "../wire/message.ts";
import { underSentId } from "../wire/request-id.ts";
import { decodeRelayedId } from "./relayed-id.ts";

export interface ClientMessagesParts {
  readonly backends: BackendRegistry;
  readonly bus: FleetBus;
  readonly upstreams: UpstreamSessions;
  readonly limits: Settings["limits"];
  readonly log: Logger;
}

/** A cancellation of a longer id, in characters, stays on its process: SDKs count, and a UUID has 38. */
const MAX_PUBLISHED_ID = 256;

/**
 * What a client says without waiting for an answer: answers of its own, cancellations, progress, changed roots. Backends are waited
 * for no longer than a courtesy, so that what one client says comes in the order in which it says it.
 */
export class ClientMessages {
  readonly #parts: ClientMessagesParts;

  constructor(parts: ClientMessagesParts) {
    this.#parts = parts;
  }

  async notification(session: LiveSession, message: Message, requester: Requester): Promise<void> {
    const { method, text } = message;
    if (method === "notifications/initialized") return;
    if (method === "notifications/cancelled")
      return await this.#cancel(session, message, requester);
    if (method === "notifications/progress") {
      return await this.#progress(session, message, requester);
    }
    await this.#notifyAll(session, text, requester);
  }

  /**
   * Carries the client's answer to the backend session that asked.
   *
   * @throws INVALID_REQUEST.
   */
  async response(session: LiveSession, message: Message, requester: Requester): Promise<void> {
    const id = at(message.text, "id");
    const delivered =
      id !== undefined && (await this.#returnTo(session, message.text, id, requester));
    if (!delivered) {
      const text = "the id of this response belongs to no request that was sent to the client";
      throw new FleetError("INVALID_REQUEST", { message: text });
    }
  }

  /** Sends a request of the client to every backend session; answers are waited for, not long, and not passed on. */
  async broadcast(session: LiveSession, text: string, requester: Requester): Promise<void> {
    const signal = this.#timeout();
    const sent = underSentId(text, "id");
    const heard = this.#each(session, requester, (upstream) =>
      upstream.request(sent, "notify", signal),
    );
    await courtesy(heard);
  }

  /** The request may run anywhere: every backend session hears of it, then nobody here waits for it. */
  async #cancel(session: LiveSession, message: Message, requester: Requester): Promise<void> {
    const requestId = at(message.text, "params", "requestId");
    const idText = requestId === undefined ? "" : cut(message.text, requestId);
    const sent = underSentId(message.text, "params", "requestId");
    const notified = this.#notifyAll(session, sent, requester);
    if (!session.cancel(idText)) await this.#cancelElsewhere(session, idText);
    await notified;
  }

  async #cancelElsewhere(session: LiveSession, idText: string): Promise<void> {
    if (idText === "" || idText.length > MAX_PUBLISHED_ID) return;
    try {
      await this.#parts.bus.cancel(session.key, idText);
    } catch (error) {
      const sid = session.label;
      this.#parts.log.warn({ sid, error }, "the fleet does not hear of a cancellation");
    }
  }

  async #progress(session: LiveSession, message: Message, requester: Requester): Promise<void> {
    const token = at(message.text, "params", "progressToken");
    if (token !== undefined) await this.#returnTo(session, message.text, token, requester);
  }

  /** Gives a relayed id its own form back and sends the message to where it came from. False for no id of ours. */
  async #returnTo(
    session: LiveSession,
    text: string,
    span: Span,
    requester: Requester,
  ): Promise<boolean> {
    const relayed = decodeRelayedId(cut(text, span));
    if (relayed === undefined) return false;
    const backend = this.#parts.backends.get(relayed.backend);
    const upstream =
      backend === undefined ? undefined : this.#parts.upstreams.opened(session, backend, requester);
    if (upstream?.record.epoch !== relayed.epoch) {
      this.#parts.log.info(
        { sid: session.label, backend: backend?.name },
        "an answer came for a backend session that is gone",
      );
      return true;
    }
    const original = replace(text, span, relayed.originalText);
    const heard = this.#deliver(session, upstream, () => this.#notify(upstream, original));
    await courtesy(heard);
    return true;
  }

  async #notifyAll(session: LiveSession, text: string, requester: Requester): Promise<void> {
    const heard = this.#each(session, requester, (upstream) => this.#notify(upstream, text));
    await courtesy(heard);
  }

  async #notify(upstream: UpstreamSession, text: string): Promise<void> {
    const answer = await upstream.notify(text, this.#timeout());
    if (answer.kind === "accepted" || answer.kind === "json" || answer.kind === "events") return;
    const backend = upstream.backend.name;
    const outcome = { backend, answer: describe(answer) };
    this.#parts.log.info(outcome, "a backend refused a message from a client");
  }

  async #each(
    session: LiveSession,
    requester: Requester,
    work: (upstream: UpstreamSession) => Promise<unknown>,
  ): Promise<void> {
    const all = this.#parts.upstreams
      .allOpened(session, requester)
      .map((upstream) => this.#deliver(session, upstream, () => work(upstream)));
    await Promise.all(all);
  }

  /** A backend that does not take a message is no fault of the client's. */
  async #deliver(
    session: LiveSession,
    upstream: UpstreamSession,
    work: () => Promise<unknown>,
  ): Promise<void> {
    try {
      await work();
    } catch (error) {
      const backend = upstream.backend.name;
      this.#parts.log.info({ sid: session.label, backend, error }, "a message was not delivered");
    }
  }

  #timeout(): AbortSignal {
    return clock.timeout(this.#parts.limits.callTimeoutSeconds * 1000);
  }
}
