import type { UpstreamSession } from "../upstream/sessions/upstream-session.ts";
import { at, cut, replace } from "../wire/json-text.ts";
import type { Envelope } from "../wire/message.ts";
import { encodeRelayedId } from "./relayed-id.ts";

/** The backend's request under ids that bring the answer back to this backend session from anywhere. */
export function relayedRequest(
  text: string,
  envelope: Envelope,
  upstream: UpstreamSession,
): string {
  const from = { backend: upstream.backend.name, epoch: upstream.record.epoch };
  const relayed = (originalText: string) => encodeRelayedId({ ...from, originalText });
  const token = at(text, "params", "_meta", "progressToken");
  const renamed = token === undefined ? text : replace(text, token, relayed(cut(text, token)));
  const id = token === undefined ? envelope.id : at(renamed, "id");
  return id === undefined ? renamed : replace(renamed, id, relayed(envelope.idText));
}
