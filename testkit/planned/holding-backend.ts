import { randomUUID } from "node:crypto";

import { EchoBackend } from "../servers/echo-backend.ts";
import type { Exchange } from "../servers/scripted-exchange.ts";

/** What a call of `echo` says first to be kept waiting, and to let all go that wait. */
export const HOLD = "hold";
export const RELEASE = "release";

/** The name of the clients whose sessions are planned. */
export const PLANNED_CLIENT = "planned";

/** Two resources, with URIs as long as planned. */
export const SUBSCRIBED = [1, 2].map((index) => `planned://${index}/`.padEnd(60, "x"));

if (import.meta.main) {
  const backend = await EchoBackend.start({ keepRequests: false, keepAliveSeconds: 600 });
  backend.capabilities = { tools: {}, logging: {}, resources: { subscribe: true } };
  // As long as `recordBackendBytes` takes one to be.
  backend.newSessionId = () => randomUUID().padEnd(67, "x");
  backend.resources = SUBSCRIBED.map((uri) => ({ uri, name: uri }));
  const held: Exchange[] = [];
  // Streams of sessions are another input of the plan. Those of the gateway itself, for lists, are open.
  backend.on("GET", (exchange) => {
    if (exchange.received.client === PLANNED_CLIENT) exchange.status(405);
    else backend.openStream(exchange);
  });
  backend.on("tools/call", (exchange) => {
    const { text } = exchange.received;
    if (text.includes(`"${HOLD}`)) return void held.push(exchange);
    if (text.includes(`"${RELEASE}"`)) for (const one of held.splice(0)) backend.echo(one);
    backend.echo(exchange);
  });
  backend.publish();
}
