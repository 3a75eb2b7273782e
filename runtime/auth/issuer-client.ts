import type { LookupFunction } from "node:net";
import type { Logger } from "pino";
import type { Pool } from "undici";
import { clock } from "../platform/clock.ts";
import { isIP, sockets } from "../platform/sockets.ts";
import { WatchedFile } from "../platform/watched-file.ts";
import { mayReach } from "./issuer-addresses.ts";

export interface IssuerClientParts {
  /** Whether issuers may be at private and loopback addresses. */
  readonly allowPrivate: boolean;
  /** Whether URLs may be http. */
  readonly allowHttp: boolean;
  /** The path of a file with CA certificates. Absent: the system's. */
  readonly caBundlePath?: string | undefined;
  readonly log: Logger;
}

/** A request in the words of `fetch`, as far as the libraries of OAuth use them. */
export interface IssuerRequest {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>> | Headers;
  readonly body?: URLSearchParams | string | null | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** The longest wait for an issuer, below the 2.5 s within which a gateway answers that something is away. */
const TIMEOUT_MS = 2_000;

/** The longest answer: key sets and metadata are some KiB. */
const MAX_ANSWER_BYTES = 2 ** 20;

/** Connections to each origin, and origins: an issuer has one or two. */
const CONNECTIONS = 8;
const ORIGINS = 4;

/** Answers that have no body. */
const EMPTY: readonly number[] = [204, 205, 304];

/**
 * Asks one issuer. Its metadata says where its keys are, so whoever writes that could have the process ask anything in
 * the network: private addresses are refused unless the operator allows them, at the moment of connecting, so that no
 * name can mean another address by then. Redirects are answers, and are not followed.
 */
export class IssuerClient {
  readonly #parts: IssuerClientParts;
  readonly #ca: WatchedFile | undefined;
  readonly #pools = new Map<string, Pool>();

  /** @throws {ConfigError} when the CA certificates cannot be read. */
  constructor(parts: IssuerClientParts) {
    const { caBundlePath, log } = parts;
    this.#parts = parts;
    this.#ca = caBundlePath === undefined ? undefined : new WatchedFile(caBundlePath, log);
    // Whose certificates are trusted is decided when a connection opens.
    this.#ca?.onChange(() => this.#closePools());
  }

  /** As `fetch`, without its freedoms. */
  readonly fetch = async (url: string, request: IssuerRequest): Promise<Response> => {
    const { origin, protocol, hostname, pathname, search } = new URL(url);
    const { allowHttp, allowPrivate } = this.#parts;
    if (protocol !== "https:" && !(protocol === "http:" && allowHttp)) {
      throw new Error(`${origin} is not https (insecureAllowHttp)`);
    }
    const address = hostname.replace(/^\[(.*)\]$/, "$1");
    if (isIP(address) !== 0 && !mayReach(address, allowPrivate)) throw unreachable(address);
    const limits = [clock.timeout(TIMEOUT_MS), ...(request.signal ? [request.signal] : [])];
    const { statusCode, headers, body } = await this.#pool(origin).request({
      path: pathname + search,
      method: request.method === "POST" ? "POST" : "GET",
      headers: Object.fromEntries(new Headers(request.headers)),
      body: request.body === undefined || request.body === null ? null : String(request.body),
      signal: AbortSignal.any(limits),
    });
    const text = await body.text();
    const type = String(headers["content-type"] ?? "");
    const challenge = headers["www-authenticate"];
    return new Response(EMPTY.includes(statusCode) ? null : text, {
      status: statusCode,
      headers: {
        ...(type !== "" && { "content-type": type }),
        ...(challenge !== undefined && { "www-authenticate": String(challenge) }),
      },
    });
  };

  close(): void {
    this.#ca?.close();
    this.#closePools();
  }

  #pool(origin: string): Pool {
    const present = this.#pools.get(origin);
    if (present !== undefined) return present;
    if (this.#pools.size >= ORIGINS) this.#closePools();
    const pool = sockets.pool(origin, {
      connections: CONNECTIONS,
      maxResponseSize: MAX_ANSWER_BYTES,
      headersTimeout: TIMEOUT_MS,
      bodyTimeout: TIMEOUT_MS,
      connect: {
        timeout: TIMEOUT_MS,
        lookup: guardedLookup(this.#parts.allowPrivate),
        ...(this.#ca && { ca: this.#ca.text }),
      },
    });
    this.#pools.set(origin, pool);
    return pool;
  }

  #closePools(): void {
    for (const pool of this.#pools.values()) void pool.close().catch(() => {});
    this.#pools.clear();
  }
}

/** Resolves names to addresses that may be reached; a name with any other address has none. */
function guardedLookup(allowPrivate: boolean): LookupFunction {
  return (name, options, answer) => {
    sockets
      .lookup(name, { ...options, all: true })
      .then((addresses) => {
        const refused = addresses.find(({ address }) => !mayReach(address, allowPrivate));
        const [first] = addresses;
        if (refused !== undefined) throw unreachable(refused.address);
        if (first === undefined) throw new Error(`${name} has no address`);
        if (options.all) answer(null, addresses);
        else answer(null, first.address, first.family);
      })
      .catch((error: unknown) => {
        answer(error instanceof Error ? error : new Error(String(error)), []);
      });
  };
}

function unreachable(address: string): Error {
  return new Error(
    `${address} is a private address: set jwksAllowPrivateIp or protectedResourceAllowPrivateIp if issuers may be there`,
  );
}
