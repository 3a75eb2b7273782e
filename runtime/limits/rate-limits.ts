import type { RateClass, RateLimit, RateLimitSettings } from "@mcp-fleet/contract/settings";
import type { Logger } from "pino";
import type { Call, Interceptor } from "../calls/call.ts";
import type { RequestContext } from "../calls/request-context.ts";
import type { LimitStore, TokenRequest } from "../fleet/limit-store.ts";
import { ANONYMOUS, type Principal } from "../sessions/principal.ts";
import type { Metrics } from "../telemetry/metrics.ts";
import { FleetError } from "../wire/fleet-error.ts";
import { TokenStocks } from "./token-stocks.ts";

export interface RateLimitsParts {
  readonly settings: RateLimitSettings;
  readonly store: LimitStore;
  /** The address that a request comes from, where one is known. */
  readonly addressOf: (context: RequestContext) => string | undefined;
  readonly metrics: Metrics;
  readonly log: Logger;
}

/** Refuses what is more than the limits of `rateLimiting` let through, in the whole fleet. */
export class RateLimits {
  readonly #parts: RateLimitsParts;
  readonly #stocks: TokenStocks;
  readonly #tools: ReadonlyMap<string, readonly RateLimit[]>;
  readonly #backends: ReadonlyMap<string, readonly RateLimit[]>;

  constructor(parts: RateLimitsParts) {
    const { settings, store, metrics } = parts;
    this.#parts = parts;
    this.#stocks = new TokenStocks(store);
    this.#tools = new Map(Object.entries(settings.tools));
    this.#backends = new Map(Object.entries(settings.backends));
    metrics.onScrape(() => metrics.rateLimitLeases.set(this.#stocks.size));
  }

  /** Before a call is looked at by anybody else. */
  readonly interceptor: Interceptor = async (call, next) => {
    await this.#require(call.context, this.#limitsOf(call), (limit) =>
      this.#parts.settings.bytes.includes(limit) ? Buffer.byteLength(call.message.text) : 1,
    );
    await next(call);
  };

  /**
   * Before a request is sent to a backend.
   *
   * @throws RATE_LIMIT_EXCEEDED, and STORE_UNAVAILABLE with `onStoreFailure: refuse`.
   */
  async requireOf(context: RequestContext, backend: string): Promise<void> {
    const limits = this.#backends.get(backend);
    if (limits !== undefined) await this.#require(context, limits, () => 1);
  }

  async close(): Promise<void> {
    await this.#stocks.close();
  }

  #limitsOf({ context, message: { method, params } }: Call): readonly RateLimit[] {
    const { calls, initialize, bytes, classes } = this.#parts.settings;
    if (method === "initialize") return initialize;
    if (method !== "tools/call") return bytes;
    const { name } = params;
    return [
      ...calls,
      ...((typeof name === "string" ? this.#tools.get(name) : undefined) ?? []),
      ...(classes.find((one) => isMember(context.principal, one))?.limits ?? []),
      ...bytes,
    ];
  }

  async #require(
    context: RequestContext,
    limits: readonly RateLimit[],
    costOf: (limit: RateLimit) => number,
  ): Promise<void> {
    const known = limits.flatMap((limit) => {
      const whose = this.#whose(limit, context);
      return whose === undefined
        ? []
        : [{ limit, request: requestOf(limit, whose, costOf(limit)) }];
    });
    if (known.length === 0) return;
    try {
      const exhausted = await this.#stocks.take(known.map(({ request }) => request));
      const refused = exhausted && known[exhausted.index];
      if (exhausted && refused) this.#refuse(refused.limit, exhausted.retryMs);
    } catch (error) {
      const isAway = error instanceof FleetError && error.code.startsWith("STORE_");
      if (!isAway) throw error;
      this.#unchecked(error);
    }
  }

  /** Undefined: the limit does not speak of whoever this is. */
  #whose({ scope }: RateLimit, context: RequestContext): string | undefined {
    const { principal, session } = context;
    if (scope === "fleet") return "";
    if (scope === "session") return session?.key;
    if (scope === "address") return this.#parts.addressOf(context);
    return principal.owner === ANONYMOUS.owner ? undefined : principal.owner;
  }

  #refuse({ name }: RateLimit, retryMs: number): never {
    const { metrics, log } = this.#parts;
    metrics.rateLimitRefused.inc({ limit: name });
    log.warn({ setting: `rateLimiting.${name}` }, "a rate limit is reached");
    throw new FleetError("RATE_LIMIT_EXCEEDED", {
      message: `Rate limit exceeded: ${name}`,
      data: { limit: name },
      retryAfterSeconds: Math.max(1, Math.ceil(retryMs / 1000)),
    });
  }

  #unchecked(error: FleetError): void {
    const { settings, metrics, log } = this.#parts;
    const isRefused = settings.onStoreFailure === "refuse";
    metrics.rateLimitUnchecked.inc({ outcome: isRefused ? "refused" : "allowed" });
    if (isRefused) throw error;
    log.warn({ code: error.code }, "rate limits cannot be asked for: calls are let through");
  }
}

function requestOf(limit: RateLimit, whose: string, cost: number): TokenRequest {
  const { name, tokens, periodSeconds } = limit;
  const bucket = whose === "" ? name : `${name}:${whose}`;
  return { bucket, tokens, periodMs: Math.ceil(periodSeconds * 1000), cost };
}

function isMember({ claims }: Principal, { claim, values }: RateClass): boolean {
  const value = Object.hasOwn(claims, claim) ? claims[claim] : undefined;
  const all: readonly unknown[] = Array.isArray(value) ? value : [value];
  return all.some((one) => values.includes(String(one)));
}
