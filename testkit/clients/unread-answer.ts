import { once } from "node:events";
import { type IncomingMessage, request } from "node:http";
import type { RawClient } from "./raw-client.ts";

/** Posts in a client's session, on a connection of its own, and leaves the answer unread. */
export async function postUnread(
  url: string,
  client: RawClient,
  body: string,
): Promise<IncomingMessage> {
  const headers = {
    accept: "application/json, text/event-stream",
    "content-type": "application/json",
    "mcp-session-id": client.sessionId ?? "",
  };
  const outgoing = request(url, { method: "POST", agent: false, headers });
  outgoing.end(body);
  const [answer] = await once(outgoing, "response");
  return answer;
}

/** How long a number stays as it is before nobody expects it to grow any more. */
const STALL_MS = 300;

/** Resolves when a number has not grown for a while. */
export async function stalled(read: () => number): Promise<void> {
  let before = -1;
  while (before !== read()) {
    before = read();
    await new Promise((resolve) => setTimeout(resolve, STALL_MS));
  }
}
