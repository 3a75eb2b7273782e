import { ownIdText } from "../../wire/request-id.ts";

/** A request of ours within a client's backend session: its id cannot be one of the client's. */
export function ownRequest(method: string, params: Readonly<Record<string, unknown>>): string {
  return ownRequestText(method, JSON.stringify(params));
}

/** The same with params as JSON text. */
export function ownRequestText(method: string, params: string): string {
  return `{"jsonrpc":"2.0","id":${ownIdText()},"method":${JSON.stringify(method)},"params":${params}}`;
}
