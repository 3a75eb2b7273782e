import { ScriptedBackend } from "../servers/scripted-backend.ts";
import { textResult } from "../servers/scripted-exchange.ts";

if (import.meta.main) {
  const backend = await ScriptedBackend.start({ keepRequests: false });
  backend.tools = [{ name: "sized", inputSchema: { type: "object" } }];
  backend.on("tools/call", (exchange) => {
    const { sessionId, params } = exchange.received;
    const megabytes = Number(Object(params.arguments).megabytes);
    if (!backend.sessions.has(sessionId ?? "")) exchange.status(404);
    else if (megabytes >= 0) exchange.result(textResult("x".repeat(megabytes * 1_000_000 + 10)));
  });
  process.stdout.write(`${backend.url}\n`);
}
