import type { FastifyInstance } from "fastify";
import { clock } from "../platform/clock.ts";

/** How often it looks for connections that have become idle. */
const IDLE_CHECK_MS = 50;

/** Takes no new connection, and lets what is in flight finish. */
export async function closeListener(listener: FastifyInstance): Promise<void> {
  const { server } = listener;
  const closeIdle = () => clock.soon(() => server.closeIdleConnections());
  const idle = clock.every(IDLE_CHECK_MS, closeIdle);
  // On a connection that looks idle, a request may have come while this process was busy. Between two turns it is read.
  await nextTurn();
  await nextTurn();
  await listener.close();
  clock.clear(idle);
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => clock.soon(resolve));
}
