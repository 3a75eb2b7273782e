import { once } from "node:events";
import { createServer, type Server } from "node:net";

/** The highest port that TCP knows. */
const LAST_PORT = 65_535;

/** Blocks of ports below those that the system gives to connections, which come from 32768 on. */
const FIRST_BLOCK = 20_000;
const BLOCKS = 100;
const BLOCK_PORTS = 100;

/** The first port of this process's block, once it has one. */
let block: Promise<number> | undefined;
/** Which port of the block is next. */
let next = 1;

/** A port for a server that cannot say itself which one it has chosen, or that is to come back at the same one. */
export async function freePort(): Promise<number> {
  const [port = 0] = await freePorts(1);
  return port;
}

/**
 * Consecutive ports that nothing listens on, at any address, and that nobody else is given until this process has
 * been given all others of its block: neither another process that asks here, nor a connection of anybody's.
 */
export async function freePorts(count: number): Promise<number[]> {
  block ??= claimBlock(process.pid % BLOCKS);
  const first = await block;
  if (next + count > BLOCK_PORTS) next = 1;
  const ports = Array.from({ length: count }, (_, index) => first + next + index);
  next += count;
  const areFree = await Promise.all(ports.map((port) => isFree(port)));
  return areFree.every(Boolean) ? ports : await freePorts(count);
}

/** The first port from `port` on that is free on 127.0.0.1; 0, any free one, is returned as it is. */
export async function firstFreePort(port: number): Promise<number> {
  if (port === 0 || (await isFree(port, "127.0.0.1"))) return port;
  if (port === LAST_PORT) throw new Error(`no port up to ${LAST_PORT} is free`);
  return firstFreePort(port + 1);
}

/** A block belongs to the process that listens on its first port, which ends with the process at the latest. */
async function claimBlock(index: number, tries = 1): Promise<number> {
  const first = FIRST_BLOCK + index * BLOCK_PORTS;
  const lock = await listen(first, "127.0.0.1");
  if (lock !== undefined) {
    lock.unref();
    return first;
  }
  if (tries === BLOCKS) throw new Error(`no block of ports from ${FIRST_BLOCK} on is free`);
  return claimBlock((index + 1) % BLOCKS, tries + 1);
}

async function isFree(port: number, host?: string): Promise<boolean> {
  const server = await listen(port, host);
  server?.close();
  if (server !== undefined) await once(server, "close");
  return server !== undefined;
}

/** Nothing where the port is taken. */
async function listen(port: number, host?: string): Promise<Server | undefined> {
  const server = createServer().listen(port, host);
  try {
    await once(server, "listening");
    return server;
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "EADDRINUSE") return undefined;
    throw error;
  }
}
