import type { Settings } from "@mcp-fleet/contract/settings";
import type { Logger } from "pino";
import { clock } from "../platform/clock.ts";
import type { LiveSession } from "../sessions/live-session.ts";
import type { SessionStore } from "../sessions/session-store.ts";
import type { Backend } from "../upstream/backend.ts";
import type { UpstreamSession } from "../upstream/sessions/upstream-session.ts";
import type { UpstreamSessions } from "../upstream/sessions/upstream-sessions.ts";
import { FleetError } from "../wire/fleet-error.ts";
import { at, cut, replace, type Span } from "../wire/json-text.ts";
import type { Message } from "../wire/message.ts";
import { decodeRelayedId } from "./relayed-id.ts";

export interface ClientMessagesParts {
  readonly backends: ReadonlyMap<string, Backend>;
  readonly store: SessionStore;
  readonly upstreams: UpstreamSessions;
  readonly settings: Settings;
  readonly log: Logger;
}

/** A cancellation of a longer id, in characters, stays on its process: SDKs count, and a UUID has 38. */
const LONGEST_ID_TOLD = 256;

/** What a client says without waiting for an answer: answers of its own, cancellations, progress, news of roots. */
export class ClientMessages {
  readonly #parts: ClientMessagesParts;

  constructor(parts: ClientMessagesParts) {
    this.#parts = parts;
  }

  async notification(session: LiveSession, message: Message): Promise<void> {
    if (message.method === "notifications/initialized") return;
    if (message.method === "notifications/cancelled") return await this.#cancel(session, message);
    if (message.method === "notifications/progress") return await this.#progress(session, message);
    await this.#tellAll(session, message.text);
  }

  /** Carries the client's answer to the backend session that asked. Errors: INVALID_REQUEST. */
  async response(session: LiveSession, message: Message): Promise<void> {
    const id = at(message.text, "id");
    const delivered = id !== undefined && (await this.#returnTo(session, message.text, id));
    if (!delivered) {
      throw new FleetError("INVALID_REQUEST", { message: "no request of ours has this id" });
    }
  }

  /** Sends a request of the client to every backend session; an answer is waited for, not passed on. */
  async askAll(session: LiveSession, text: string): Promise<void> {
    const signal = this.#limited();
    await this.#each(session, (upstream) => upstream.ask(text, "notify", signal));
  }

  /** The request may run anywhere: every backend session hears of it, then nobody here waits for it. */
  async #cancel(session: LiveSession, message: Message): Promise<void> {
    const requestId = at(message.text, "params", "requestId");
    const idText = requestId === undefined ? "" : cut(message.text, requestId);
    const told = this.#tellAll(session, message.text);
    if (!session.cancel(idText)) await this.#cancelElsewhere(session, idText);
    await told;
  }

  async #cancelElsewhere(session: LiveSession, idText: string): Promise<void> {
    if (idText === "" || idText.length > LONGEST_ID_TOLD) return;
    try {
      await this.#parts.store.cancel(session.key, idText);
    } catch (error) {
      this.#parts.log.warn(
        { sid: session.label, error },
        "a cancellation was not told to the fleet",
      );
    }
  }

  async #progress(session: LiveSession, message: Message): Promise<void> {
    const token = at(message.text, "params", "progressToken");
    if (token !== undefined) await this.#returnTo(session, message.text, token);
  }

  /** Gives a relayed id its own form back and sends the message to where it came from. False for no id of ours. */
  async #returnTo(session: LiveSession, text: string, span: Span): Promise<boolean> {
    const relayed = decodeRelayedId(cut(text, span));
    const backend = relayed === undefined ? undefined : this.#parts.backends.get(relayed.backend);
    if (relayed === undefined || backend === undefined) return false;
    const upstream = this.#parts.upstreams.opened(session, backend);
    if (upstream?.record.epoch !== relayed.epoch) {
      this.#parts.log.info(
        { sid: session.label, backend: backend.name },
        "an answer came for a backend session that is gone",
      );
      return true;
    }
    await this.#tell(upstream, replace(text, span, relayed.originalText));
    return true;
  }

  async #tellAll(session: LiveSession, text: string): Promise<void> {
    await this.#each(session, (upstream) => this.#tell(upstream, text));
  }

  async #tell(upstream: UpstreamSession, text: string): Promise<void> {
    const statusCode = await upstream.tell(text, this.#limited());
    if (statusCode < 400) return;
    const backend = upstream.backend.name;
    this.#parts.log.info({ backend, statusCode }, "a backend refused a message of a client");
  }

  async #each(
    session: LiveSession,
    work: (upstream: UpstreamSession) => Promise<unknown>,
  ): Promise<void> {
    const all = this.#parts.upstreams.allOpened(session).map(async (upstream) => {
      try {
        await work(upstream);
      } catch (error) {
        const backend = upstream.backend.name;
        this.#parts.log.info({ sid: session.label, backend, error }, "a message was not delivered");
      }
    });
    await Promise.all(all);
  }

  #limited(): AbortSignal {
    return clock.timeout(this.#parts.settings.limits.callTimeoutSeconds * 1000);
  }
}
