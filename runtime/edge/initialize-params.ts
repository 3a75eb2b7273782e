import type { ClientFacts } from "../calls/request-context.ts";
import { viewKey } from "../sessions/view-key.ts";
import { FleetError } from "../wire/fleet-error.ts";
import { at, cut } from "../wire/json-text.ts";
import { isObject, type Message } from "../wire/message.ts";
import { negotiate } from "../wire/protocol-version.ts";

/**
 * What a client says of itself at initialize.
 *
 * @throws INVALID_REQUEST, INVALID_PARAMS, BODY_TOO_LARGE.
 */
export function readInitialize(message: Message, maxBytes: number): ClientFacts {
  if (message.kind !== "request") throw new FleetError("INVALID_REQUEST");
  const { protocolVersion } = message.params;
  if (typeof protocolVersion !== "string") {
    throw new FleetError("INVALID_PARAMS", { message: "params.protocolVersion must be a string" });
  }
  const clientInfo = objectText(message, "clientInfo", '{"name":"unknown","version":"0"}');
  const capabilities = objectText(message, "capabilities", "{}");
  if (Buffer.byteLength(clientInfo) + Buffer.byteLength(capabilities) > maxBytes) {
    throw new FleetError("BODY_TOO_LARGE", {
      message: `clientInfo and capabilities are larger than ${maxBytes} bytes (limits.clientBytes)`,
    });
  }
  const protocol = negotiate(protocolVersion);
  return { protocol, clientInfo, capabilities, view: viewKey(capabilities) };
}

function objectText(message: Message, key: string, otherwise: string): string {
  const span = at(message.text, "params", key);
  if (span === undefined) return otherwise;
  if (!isObject(message.params[key])) {
    throw new FleetError("INVALID_PARAMS", { message: `params.${key} must be an object` });
  }
  return cut(message.text, span);
}
