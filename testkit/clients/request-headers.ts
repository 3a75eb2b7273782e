/** What a header is replaced by; undefined leaves it out. */
export type Headers = Readonly<Record<string, string | undefined>>;

/** What a client sends with a request in a session, in lower case. */
export function requestHeaders(
  method: string,
  sessionId: string | undefined,
  headers: Headers = {},
): Record<string, string> {
  const given: Headers = {
    accept: method === "GET" ? "text/event-stream" : "application/json, text/event-stream",
    "content-type": method === "POST" ? "application/json" : undefined,
    "mcp-session-id": sessionId,
    ...headers,
  };
  const sent: Record<string, string> = {};
  for (const [name, value] of Object.entries(given)) if (value !== undefined) sent[name] = value;
  return sent;
}

/** The head of a request as it is on the wire, for a connection of its own. */
export function requestHead(method: string, url: string, headers: Record<string, string>): string {
  const { host, pathname } = new URL(url);
  const lines = Object.entries({ host, ...headers }).map(
    ([name, value]) => `${name}: ${value}\r\n`,
  );
  return `${method} ${pathname} HTTP/1.1\r\n${lines.join("")}\r\n`;
}
