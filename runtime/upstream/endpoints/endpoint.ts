import type { Pool } from "undici";
import { sockets } from "../../platform/sockets.ts";
import { VERSION } from "../../platform/version.ts";
import { TransportFault } from "../transports/transport-fault.ts";
import { decodedBody } from "./decoded-body.ts";
import type { EndpointAddress } from "./endpoint-address.ts";
import type { EndpointHealth } from "./endpoint-health.ts";
import { HttpExchange, type HttpResponse } from "./http-exchange.ts";
import type { MessageLimits } from "./message-limits.ts";

/** Idle connections are let go this long before the server announced to close them. */
const KEEP_ALIVE_MARGIN_MS = 1_000;

/** How long an idle connection is kept where the server announces nothing: Node's servers close at 5 s. */
const KEEP_ALIVE_MS = 4_000;

/** How long a connection is kept whose stream has ended or was refused: calls have their own, and few streams follow. */
const STREAM_KEEP_ALIVE_MS = 500;

/** Some firewalls refuse requests that do not say whose they are. */
const USER_AGENT = { "user-agent": `mcp-fleet/${VERSION}` };

/** A request as it is about to be sent: everything that a signature covers. */
export interface UnsignedRequest {
  readonly origin: string;
  /** With its query. */
  readonly path: string;
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** Signs a request. Returns all headers that it is sent with. */
export type SignRequest = (request: UnsignedRequest) => Promise<Readonly<Record<string, string>>>;

/** Streams are not limited here. */
const OF_STREAMS: Pool.Options = {
  keepAliveTimeout: STREAM_KEEP_ALIVE_MS,
  keepAliveMaxTimeout: STREAM_KEEP_ALIVE_MS,
};

export interface HttpRequest {
  /** Absent: that of the endpoint's address. */
  readonly path?: string;
  readonly method: "POST" | "GET" | "DELETE";
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
  /** The response is a stream that stays open: it takes no connection from calls. */
  readonly isStream?: boolean;
  /** Signs it, after redirects anew. Absent: it is not signed. */
  readonly sign?: SignRequest | undefined;
  readonly signal: AbortSignal;
}

export interface EndpointParts {
  readonly address: EndpointAddress;
  readonly health: EndpointHealth;
  /** Of calls; open streams have no limit here. */
  readonly connections: number;
  readonly messageLimits: MessageLimits;
  /** How connections are made; asked again after `renewConnections`. */
  readonly connect: () => NonNullable<Pool.Options["connect"]>;
}

/**
 * One address of a backend: its connections, shared by all sessions. Calls and streams have pools of their own, so
 * that open streams never keep a call waiting for a connection.
 */
export class Endpoint {
  readonly name: string;
  readonly address: string;
  readonly health: EndpointHealth;
  readonly #origin: string;
  readonly #path: string;
  readonly #messageLimits: MessageLimits;
  readonly #open: (connections?: number) => Pool;
  /** Pools of before, until their calls and streams have finished. */
  readonly #retired = new Set<Pool>();
  #calls: Pool;
  #streams: Pool;
  #connections: number;
  #outstanding = 0;

  constructor({ address, health, connections, messageLimits, connect }: EndpointParts) {
    const { origin, pathname, search } = new URL(address.url);
    const options: Pool.Options = {
      keepAliveTimeout: KEEP_ALIVE_MS,
      keepAliveTimeoutThreshold: KEEP_ALIVE_MARGIN_MS,
      headersTimeout: 0,
      bodyTimeout: 0,
    };
    this.name = address.name;
    this.address = address.url;
    this.health = health;
    this.#messageLimits = messageLimits;
    this.#origin = origin;
    this.#path = pathname + search;
    this.#open = (most) => {
      const limit = most === undefined ? OF_STREAMS : { connections: most };
      const pool = sockets.pool(origin, { ...options, ...limit, connect: connect() });
      pool.on("connect", () => health.recordConnect());
      pool.on("connectionError", (_origin, _targets, error) => {
        if (isRefusal(error)) health.recordConnectFailure(error);
        else health.recordFailure(error);
      });
      return pool;
    };
    this.#connections = connections;
    this.#calls = this.#open(connections);
    this.#streams = this.#open();
  }

  /** Changes the maximum number of connections for calls. Calls in flight finish on the ones that they have. */
  async limitConnections(connections: number): Promise<void> {
    if (connections === this.#connections || this.#calls.closed) return;
    const before = this.#calls;
    this.#connections = connections;
    this.#calls = this.#open(connections);
    await this.#retire(before);
  }

  /** Makes new connections from now on. Calls and streams that are open finish on the ones that they have. */
  async renewConnections(): Promise<void> {
    if (this.#calls.closed) return;
    const before = [this.#calls, this.#streams];
    this.#calls = this.#open(this.#connections);
    this.#streams = this.#open();
    await Promise.all(before.map((pool) => this.#retire(pool)));
  }

  async #retire(pool: Pool): Promise<void> {
    this.#retired.add(pool);
    await pool.close();
    this.#retired.delete(pool);
  }

  /** Requests that have not been answered yet. */
  get outstanding(): number {
    return this.#outstanding;
  }

  /** Open connections. */
  get connected(): number {
    return this.#pools.reduce((sum, pool) => sum + pool.stats.connected, 0);
  }

  /**
   * Sends one request.
   *
   * @throws TransportFault, or the signal's reason once it is aborted.
   */
  async request({
    path = this.#path,
    method,
    headers,
    body,
    isStream = false,
    sign,
    signal,
  }: HttpRequest): Promise<HttpResponse> {
    const unsigned = { ...USER_AGENT, ...headers };
    const sent =
      sign === undefined
        ? unsigned
        : await sign({ origin: this.#origin, path, method, headers: unsigned, body: body ?? "" });
    const pool = isStream ? this.#streams : this.#calls;
    const exchange = new HttpExchange(signal, this.#messageLimits);
    this.#outstanding += 1;
    try {
      pool.dispatch({ path, method, headers: sent, body: body ?? null }, exchange);
      const response = await exchange.response;
      if (response.statusCode < 500) this.health.recordSuccess();
      return decoded(response);
    } catch (error) {
      if (signal.aborted) {
        this.health.requestProbe();
        throw signal.reason;
      }
      throw new TransportFault(exchange.sent, error);
    } finally {
      this.#outstanding -= 1;
    }
  }

  /** Lets what is in flight finish. */
  async close(): Promise<void> {
    const open = this.#pools.filter((pool) => !pool.destroyed);
    await Promise.all(open.map((pool) => pool.close()));
  }

  /** Cuts what is in flight. */
  async destroy(reason: Error): Promise<void> {
    await Promise.all(this.#pools.map((pool) => pool.destroy(reason)));
  }

  get #pools(): Pool[] {
    return [this.#calls, this.#streams, ...this.#retired];
  }
}

function decoded(response: HttpResponse): HttpResponse {
  const encoding = response.headers["content-encoding"];
  if (typeof encoding !== "string") return response;
  try {
    return { ...response, body: decodedBody(response.body, encoding) };
  } catch (error) {
    response.body.destroy();
    throw error;
  }
}

/** Nobody listens there, or nothing comes back. What DNS says, or a certificate, is no word of the address. */
const REFUSALS: ReadonlySet<unknown> = new Set([
  "ECONNREFUSED",
  "ECONNRESET",
  "EHOSTDOWN",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "ETIMEDOUT",
  "UND_ERR_CONNECT_TIMEOUT",
]);

function isRefusal(error: Error): boolean {
  return "code" in error && REFUSALS.has(error.code);
}
