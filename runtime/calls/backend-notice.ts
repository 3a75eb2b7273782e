import type { LiveSession } from "../sessions/live-session.ts";
import type { UpstreamSession } from "../upstream/sessions/upstream-session.ts";
import { at, cut, replace } from "../wire/json-text.ts";
import type { Envelope } from "../wire/message.ts";
import { encodeRelayedId, isIdText } from "./relayed-id.ts";

/** A notification that a backend sent in a session of a client. */
export interface BackendNotice {
  readonly session: LiveSession;
  readonly upstream: UpstreamSession;
  readonly envelope: Envelope;
  readonly text: string;
  /** The client sees no other backend: every call and URI that it knows of is this one's. */
  readonly isOnlyBackend: boolean;
}

/**
 * The notification as the client is to hear it: a backend speaks for its own questions, calls and resources alone.
 *
 * @returns undefined for what is about others'.
 */
export function noticeFor(notice: BackendNotice): string | undefined {
  const { envelope, text, isOnlyBackend } = notice;
  switch (envelope.method) {
    case "notifications/cancelled":
      return cancellation(notice);
    case "notifications/progress":
      return isOnlyBackend || isOfOwnCall(notice) ? text : undefined;
    case "notifications/resources/updated":
      return isOnlyBackend || isOfOwnResource(notice) ? text : undefined;
    default:
      return text;
  }
}

/** A backend cancels a question of its own: the client was asked under a relayed id. */
function cancellation({ upstream, text }: BackendNotice): string | undefined {
  const requestId = at(text, "params", "requestId");
  if (requestId === undefined) return undefined;
  const originalText = cut(text, requestId);
  if (!isIdText(originalText)) return undefined;
  const from = { backend: upstream.backend.name, epoch: upstream.record.epoch };
  return replace(text, requestId, encodeRelayedId({ ...from, originalText }));
}

function isOfOwnCall({ session, upstream, text }: BackendNotice): boolean {
  const token = valueAt(text, "progressToken");
  if (typeof token !== "string" && typeof token !== "number") return false;
  const { name } = upstream.backend;
  return session.calls
    .values()
    .some((call) => call.backend === name && call.progressToken === token);
}

/** A resource that the client subscribed to, or one within it. */
function isOfOwnResource({ session, upstream, text }: BackendNotice): boolean {
  const uri = valueAt(text, "uri");
  if (typeof uri !== "string") return false;
  const { name } = upstream.backend;
  const known = [...session.record.subscriptions, ...session.subscribing];
  if (known.some((one) => one.backend !== name && one.uri === uri)) return false;
  return known.some((one) => one.backend === name && isWithin(uri, one.uri));
}

function isWithin(uri: string, outer: string): boolean {
  if (!uri.startsWith(outer)) return false;
  return (
    uri.length === outer.length || /[/?#]$/.test(outer) || /^[/?#]/.test(uri.slice(outer.length))
  );
}

function valueAt(text: string, param: string): unknown {
  const span = at(text, "params", param);
  return span === undefined ? undefined : JSON.parse(cut(text, span));
}
