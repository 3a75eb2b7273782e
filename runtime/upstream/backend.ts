import { readFileSync } from "node:fs";

import { Pool } from "undici";

import type { BackendSettings, Settings } from "../contract/index.ts";
import type { Metrics } from "../metrics.ts";
import { Exchange, type UpstreamResponse } from "./exchange.ts";
import { TransportFault } from "./transport-fault.ts";

/** Idle connections are let go this long before the backend announced to close them. */
const KEEP_ALIVE_MARGIN_MS = 1_000;

/** How long an idle connection is kept where the backend announces nothing: Node's servers close at 5 s. */
const KEEP_ALIVE_MS = 4_000;

/** What a request is for: the label of the `upstream_requests_total` metric. */
export type Purpose = "call" | "notify" | "open" | "list" | "probe" | "stream" | "close";

export interface UpstreamRequest {
  readonly method: "POST" | "GET" | "DELETE";
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly purpose: Purpose;
  readonly signal: AbortSignal;
}

/**
 * One MCP server over HTTP: its connections, shared by all sessions. Calls and streams have pools of their
 * own, so that open streams never keep a call waiting for a connection.
 */
export class Backend {
  readonly name: string;
  readonly settings: BackendSettings;
  readonly #path: string;
  readonly #calls: Pool;
  readonly #streams: Pool;
  readonly #metrics: Metrics;

  constructor(settings: BackendSettings, limits: Settings["limits"], metrics: Metrics) {
    const url = new URL(settings.url);
    const options: Pool.Options = {
      connect: {
        timeout: limits.connectTimeoutSeconds * 1000,
        ...(settings.caBundlePath === undefined ? {} : { ca: readFileSync(settings.caBundlePath) }),
      },
      keepAliveTimeout: KEEP_ALIVE_MS,
      keepAliveTimeoutThreshold: KEEP_ALIVE_MARGIN_MS,
      headersTimeout: 0,
      bodyTimeout: 0,
    };
    this.name = settings.name;
    this.settings = settings;
    this.#path = url.pathname + url.search;
    this.#calls = new Pool(url.origin, { ...options, connections: limits.upstreamConnections });
    this.#streams = new Pool(url.origin, options);
    this.#metrics = metrics;
    metrics.onScrape(() => {
      const connections = this.#calls.stats.connected + this.#streams.stats.connected;
      metrics.upstreamConnections.set({ backend: this.name }, connections);
    });
  }

  /** Sends one request. Errors: TransportFault, or the signal's reason once it is aborted. */
  async send(request: UpstreamRequest): Promise<UpstreamResponse> {
    const { method, headers, body, purpose, signal } = request;
    const pool = purpose === "stream" ? this.#streams : this.#calls;
    const exchange = new Exchange(signal);
    this.#metrics.upstreamRequests.inc({ backend: this.name, purpose });
    pool.dispatch({ path: this.#path, method, headers, body: body ?? null }, exchange);
    try {
      return await exchange.response;
    } catch (error) {
      if (signal.aborted) throw signal.reason;
      throw new TransportFault(exchange.sent, error);
    }
  }

  /** Lets what is in flight finish. */
  async close(): Promise<void> {
    const open = [this.#calls, this.#streams].filter((pool) => !pool.destroyed);
    await Promise.all(open.map((pool) => pool.close()));
  }

  /** Cuts what is in flight. */
  async destroy(reason: Error): Promise<void> {
    await Promise.all([this.#calls.destroy(reason), this.#streams.destroy(reason)]);
  }
}
