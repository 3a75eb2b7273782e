import { random } from "../../platform/random.ts";

/** A request of ours within a client's backend session: its id cannot be one of the client's. */
export function ownRequest(method: string, params: Readonly<Record<string, unknown>>): string {
  return JSON.stringify({ jsonrpc: "2.0", id: `mcp-fleet.${random.uuid()}`, method, params });
}
