import { describe, expect, it } from "vitest";
import { callOf, messageOf, startFleet, textOf } from "../../testkit/processes/scripted-fleet.ts";
import type { Script, ScriptedBackend } from "../../testkit/servers/scripted-backend.ts";
import type { Exchange } from "../../testkit/servers/scripted-exchange.ts";

const LONG = "x".repeat(5_000);

/** What a backend does instead of initialize, what clients hear, and what /status says. */
const REFUSALS: readonly (readonly [string, Script, string, string])[] = [
  [
    "a login page",
    (exchange) => exchange.body(200, "<h1>Sign in</h1>", "text/html; charset=utf-8"),
    "answered with text/html, which is not MCP",
    'HTTP 200, text/html, "<h1>Sign in</h1>"',
  ],
  [
    "a challenge",
    (exchange) =>
      exchange.body(401, '{"error":"invalid_token"}', "application/json", {
        "www-authenticate": 'Bearer resource_metadata="http://a.test/x"',
      }),
    "refused the request with HTTP 401",
    'HTTP 401, application/json, WWW-Authenticate: Bearer resource_metadata="http://a.test/x", "{\\"error\\":\\"invalid_token\\"}"',
  ],
  [
    "a redirect to another origin",
    (exchange) => exchange.status(307, { location: "https://a.test/mcp/" }),
    "redirects to another address with HTTP 307",
    "HTTP 307, Location: https://a.test/mcp/",
  ],
  [
    "a long page with lines",
    (exchange) => exchange.body(400, `no\r\n\u001b[31m${LONG}`, "text/plain"),
    "refused the request with HTTP 400",
    `HTTP 400, text/plain, "no [31m${"x".repeat(200 - 9)}…"`,
  ],
  [
    "JSON that is no response",
    (exchange) => exchange.body(200, '{"ok":true}', "application/json"),
    "sent no response to the request in its JSON",
    'HTTP 200, application/json, "{\\"ok\\":true}"',
  ],
  [
    "a response of another media type",
    (exchange) => exchange.body(200, initialized(exchange), "text/plain"),
    "answered with text/plain, which is not MCP",
    "HTTP 200, text/plain,",
  ],
  [
    "a response without a media type",
    (exchange) => exchange.body(200, initialized(exchange), ""),
    "answered without a content type",
    "HTTP 200,",
  ],
  [
    "a stream that ends at once",
    (exchange) => exchange.body(200, "", "text/event-stream"),
    "sent no response to the request in its text/event-stream",
    "HTTP 200",
  ],
  [
    "nothing",
    (exchange) => exchange.status(202),
    "accepted the request and sent no response to it",
    "HTTP 202",
  ],
];

function initialized(exchange: Exchange): string {
  return exchange.resultText({ protocolVersion: "2025-11-25", capabilities: { tools: {} } });
}

const refuseFrom = (script: Script) => (backend: ScriptedBackend) => {
  backend.on("initialize", script);
};

describe("a backend that answers initialize with", () => {
  it.each(REFUSALS)(
    "%s is down, /status says what it said, and a call hears the reason only",
    async (_what, script, reason, status) => {
      const { backend, client } = await startFleet();
      backend.on("initialize", script);
      const { error } = messageOf(await client.post(callOf("write")));
      expect(error?.message).toBe(`the backend scripted ${reason}; the call did not run`);

      const other = await startFleet({ prepare: refuseFrom(script) });
      const answer = await fetch(`${other.gateway.adminUrl}/status`);
      const [row] = JSON.parse(await answer.text()).backends;
      expect(row.state).toBe("down");
      expect(row.error).toContain(status);
      expect(row.error.length).toBeLessThan(500);
    },
  );
});

describe("a call that is answered with", () => {
  it.each([
    ["a page", "<h1>Sign in</h1>", "text/html"],
    ["a response of another media type", '{"jsonrpc":"2.0","id":1,"result":{}}', "text/plain"],
  ])(
    "HTTP 200 and %s is OUTCOME_UNKNOWN, and its reason is not that it broke off",
    async (_what, text, type) => {
      const { backend, client } = await startFleet();
      backend.once("tools/call", (exchange) => exchange.body(200, text, type));
      const { error } = messageOf(await client.post(callOf("write")));
      expect(error?.data).toMatchObject({ error: "OUTCOME_UNKNOWN" });
      expect(error?.message).toBe(
        `the backend scripted answered with ${type}, which is not MCP; whether it ran is unknown`,
      );
    },
  );

  it("HTTP 400 and a JSON-RPC error to it hears that error", async () => {
    const { backend, client } = await startFleet();
    backend.once("tools/call", (exchange) =>
      exchange.body(
        400,
        '{"jsonrpc":"2.0","id":1,"error":{"code":-32602,"message":"theirs"}}',
        "application/json",
      ),
    );
    expect(messageOf(await client.post(callOf("write"))).error).toEqual({
      code: -32602,
      message: "theirs",
    });
    expect(textOf(await client.post(callOf("write")))).toBe("write for raw");
  });
});
