import { lookup, Resolver } from "node:dns/promises";
import { createServer, type RequestListener, type Server, type ServerOptions } from "node:http";

import { Pool } from "undici";

/** What only reads or describes, and needs no other network. */
export { ServerResponse, STATUS_CODES } from "node:http";
export { BlockList, isIP } from "node:net";

/** The network, as the runtime has it: everything that it listens on, connects to and asks of DNS. */
export interface Sockets {
  /** A server that listens on nothing yet. */
  httpServer(options: ServerOptions, handler: RequestListener): Server;
  /** Connections to one origin. */
  pool(origin: string, options: Pool.Options): Pool;
  /** Asks DNS servers itself. */
  resolver(options: ConstructorParameters<typeof Resolver>[0]): Resolver;
  /** Asks whom the system asks. */
  readonly lookup: typeof lookup;
}

/** The system's. */
export const SYSTEM_SOCKETS: Sockets = {
  httpServer: (options, handler) => createServer(options, handler),
  pool: (origin, options) => new Pool(origin, options),
  resolver: (options) => new Resolver(options),
  lookup,
};

/** The network of this process. */
export let sockets: Sockets = SYSTEM_SOCKETS;

/** Gives this process another network from now on. */
export function useSockets(other: Sockets): void {
  sockets = other;
}
