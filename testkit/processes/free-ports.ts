import { once } from "node:events";
import { createServer, type Server } from "node:net";

/** The highest port that TCP knows. */
const LAST_PORT = 65_535;

/** Distinct ports that are free on every address: all are held until the last one is known. */
export async function freePorts(count: number): Promise<number[]> {
  const held = await Promise.all(Array.from({ length: count }, () => listen(0)));
  const ports = held.map(portOf);
  await Promise.all(held.map(release));
  return ports;
}

/** The first port from `port` on that is free on 127.0.0.1; 0, any free one, is returned as it is. */
export async function firstFreePort(port: number): Promise<number> {
  if (port === 0) return port;
  try {
    await release(await listen(port, "127.0.0.1"));
    return port;
  } catch (error) {
    const isTaken = error instanceof Error && "code" in error && error.code === "EADDRINUSE";
    if (!isTaken || port === LAST_PORT) throw error;
    return firstFreePort(port + 1);
  }
}

async function listen(port: number, host?: string): Promise<Server> {
  const server = createServer().listen(port, host);
  await once(server, "listening");
  return server;
}

function portOf(server: Server): number {
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("not a TCP listener");
  return address.port;
}

async function release(server: Server): Promise<void> {
  server.close();
  await once(server, "close");
}
