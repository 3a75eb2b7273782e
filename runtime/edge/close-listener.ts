import { setImmediate as nextTurn } from "node:timers/promises";

import type { FastifyInstance } from "fastify";

/** How often it looks for connections that have become idle. */
const IDLE_CHECK_MS = 50;

/** Takes no new connection, and lets what is in flight finish. */
export async function closeListener(listener: FastifyInstance): Promise<void> {
  const { server } = listener;
  const closeIdle = () => setImmediate(() => server.closeIdleConnections());
  const idle = setInterval(closeIdle, IDLE_CHECK_MS);
  // On a connection that looks idle, a request may have come while this process was busy. Between two turns it is read.
  await nextTurn();
  await nextTurn();
  await listener.close();
  clearInterval(idle);
}
