import { EchoBackend } from "../servers/echo-backend.ts";
import type { Exchange } from "../servers/scripted-exchange.ts";

/** What a call of `echo` says first to be kept waiting, and to let all go that wait. */
export const HOLD = "hold";
export const RELEASE = "release";

if (import.meta.main) {
  const backend = await EchoBackend.start({ keepRequests: false, keepAliveSeconds: 600 });
  const held: Exchange[] = [];
  backend.on("tools/call", (exchange) => {
    const { text } = exchange.received;
    if (text.includes(`"${HOLD}`)) return void held.push(exchange);
    if (text.includes(`"${RELEASE}"`)) for (const one of held.splice(0)) backend.echo(one);
    backend.echo(exchange);
  });
  backend.publish();
}
