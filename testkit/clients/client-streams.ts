import { once } from "node:events";
import { type ClientRequest, get } from "node:http";

const OPENED_AT_ONCE = 16;

/** A GET of each of these sessions, on a connection of its own. */
export async function openStreams(
  url: string,
  sessionIds: readonly string[],
): Promise<ClientRequest[]> {
  const streams: ClientRequest[] = [];
  const rest = sessionIds.values();
  const opener = async () => {
    for (const id of rest) {
      const headers = { accept: "text/event-stream", "mcp-session-id": id };
      const stream = get(url, { agent: false, headers });
      const [response] = await once(stream, "response");
      if (response.statusCode !== 200) throw new Error(`a stream got ${response.statusCode}`);
      response.on("error", () => {}).resume();
      streams.push(stream);
    }
  };
  await Promise.all(Array.from({ length: OPENED_AT_ONCE }, opener));
  return streams;
}
