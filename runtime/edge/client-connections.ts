import type { ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { clock } from "../platform/clock.ts";

/** A connection that is open. */
interface Connection {
  readonly holder: Holder | undefined;
  readonly openedAtMs: number;
  /** What it was last answered with; kept only as long as it is a stranger's. */
  response: ServerResponse | undefined;
  isKnown: boolean;
}

/** The connections of one address. */
interface Holder {
  readonly address: string;
  count: number;
  /** Those over which nobody has used a session, the oldest first. */
  readonly strangers: Set<Socket>;
}

/** How long a client has to say something before its connection gives way. */
const GRACE_MS = 2_000;

/** How many addresses are compared where one has to give way; of more, none holds much. */
const COMPARED_ADDRESSES = 1_000;

/** How many connections of it are looked at: those on which a request is being answered stay. */
const ASKED_CONNECTIONS = 16;

/**
 * The open connections of clients, by address. Those on which nothing was said yet, whose request never ends, or that
 * belong to nobody with a session, give way to others where there is no room for both.
 */
export class ClientConnections {
  readonly #connections = new Map<Socket, Connection>();
  readonly #holders = new Map<string, Holder>();

  get size(): number {
    return this.#connections.size;
  }

  /** It counts until it closes. @param address undefined: it is a trusted proxy's, and never gives way. */
  add(socket: Socket, address: string | undefined): void {
    const holder = address === undefined ? undefined : this.#holder(address);
    if (holder !== undefined) {
      holder.count += 1;
      holder.strangers.add(socket);
    }
    const isKnown = holder === undefined;
    const openedAtMs = clock.monotonicMs();
    this.#connections.set(socket, { holder, openedAtMs, response: undefined, isKnown });
    socket.once("close", () => this.#remove(socket));
  }

  /** A request has come. */
  answers(socket: Socket, response: ServerResponse): void {
    const connection = this.#connections.get(socket);
    if (connection !== undefined && !connection.isKnown) connection.response = response;
  }

  /** Its client has a session: it does not give way any more. */
  recognise(socket: Socket): void {
    const connection = this.#connections.get(socket);
    if (connection === undefined || connection.isKnown) return;
    connection.isKnown = true;
    connection.response = undefined;
    connection.holder?.strangers.delete(socket);
  }

  /** Whether an address has its fair share of so many, as there are others: as many as each of them would have. */
  hasShare(address: string, room: number): boolean {
    const holder = this.#holders.get(address);
    if (this.#holders.size < 2) return false;
    return holder !== undefined && holder.count >= room / this.#holders.size;
  }

  /**
   * Closes one that gives way. Whether there was one.
   *
   * @param address whose. Default: of the address that has most such connections.
   */
  displace(address?: string): boolean {
    const holder = address === undefined ? this.#greediest() : this.#holders.get(address);
    if (holder === undefined) return false;
    const { strangers } = holder;
    for (const socket of strangers.values().take(ASKED_CONNECTIONS).toArray()) {
      if (this.#givesWay(socket)) {
        this.#remove(socket);
        socket.destroy();
        return true;
      }
      strangers.delete(socket);
      strangers.add(socket);
    }
    return false;
  }

  #greediest(): Holder | undefined {
    let found: Holder | undefined;
    for (const holder of this.#holders.values().take(COMPARED_ADDRESSES)) {
      if (holder.strangers.size > (found?.strangers.size ?? 0)) found = holder;
    }
    return found;
  }

  /** Whether its client had time to say something, and no request that has come whole is being answered. */
  #givesWay(socket: Socket): boolean {
    const connection = this.#connections.get(socket);
    if (connection === undefined || clock.monotonicMs() - connection.openedAtMs < GRACE_MS) {
      return false;
    }
    const { response } = connection;
    if (response === undefined || response.destroyed || response.writableFinished) return true;
    return !response.req.complete;
  }

  #holder(address: string): Holder {
    const present = this.#holders.get(address);
    if (present !== undefined) return present;
    const holder = { address, count: 0, strangers: new Set<Socket>() };
    this.#holders.set(address, holder);
    return holder;
  }

  #remove(socket: Socket): void {
    const holder = this.#connections.get(socket)?.holder;
    if (!this.#connections.delete(socket) || holder === undefined) return;
    holder.strangers.delete(socket);
    holder.count -= 1;
    if (holder.count === 0) this.#holders.delete(holder.address);
  }
}
