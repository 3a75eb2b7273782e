import { LATEST_PROTOCOL_VERSION } from "@modelcontextprotocol/client";

/** How to reach the gateway from the clients that people use, as commands to copy. */
export function connecting(url: string): string {
  return `Connect your own client (more in docs/clients.md):

  Claude Code   claude mcp add --transport http fleet ${url}
  VS Code       code --add-mcp '{"name":"fleet","type":"http","url":"${url}"}'
  Inspector     npx @modelcontextprotocol/inspector --cli ${url} --transport http --method tools/list
  curl          paste this into a shell:

${curl(url)}`;
}

/** Initialize, keep the session id, list the tools; for any POSIX shell. */
function curl(url: string): string {
  const initialize = JSON.stringify({
    jsonrpc: "2.0",
    id: 1,
    method: "initialize",
    params: {
      protocolVersion: LATEST_PROTOCOL_VERSION,
      capabilities: {},
      clientInfo: { name: "curl", version: "1" },
    },
  });
  const initialized = '{"jsonrpc":"2.0","method":"notifications/initialized"}';
  const list = '{"jsonrpc":"2.0","id":2,"method":"tools/list"}';
  const idOf = `awk 'tolower($1)=="mcp-session-id:"{print $2}' | tr -d '\\r'`;
  return `mcp() { curl -s ${url} -H 'content-type: application/json' -H 'accept: application/json, text/event-stream' "$@"; }
SESSION=$(mcp -D - -o /dev/null -d '${initialize}' | ${idOf})
mcp -H "mcp-session-id: $SESSION" -d '${initialized}'
mcp -H "mcp-session-id: $SESSION" -d '${list}'`;
}
