import { ConfigError, fault } from "@mcp-fleet/contract";
import type { NetworkAddress, RedisSettings } from "@mcp-fleet/contract/settings";
import type { Logger } from "pino";
import { Backoff } from "../../platform/backoff.ts";
import { clock } from "../../platform/clock.ts";
import { random } from "../../platform/random.ts";
import { RedisConnection } from "./redis-connection.ts";
import type { RedisKeys } from "./redis-keys.ts";
import { isOfCluster, isOfNoCluster, replyCode } from "./redis-reply.ts";
import { runScript } from "./redis-scripts.ts";

/** How long a read waits for a change: below the command timeout, so that a dead connection is noticed. */
const BLOCK_MS = 500;

/** Changes taken in one read. */
const READ_COUNT = 500;

/** How often the generation is looked at. */
const SETTLE_MS = 2_000;

/** After a failed read. */
const RETRY = { firstMs: 100, maxMs: 1_000 };

/** The id before every other. */
const BEGINNING = "0-0";

/** What happened to sessions, as far as other processes did it. */
export interface ChangeListener {
  /** Sessions that ended, and sessions whose record is another now; each in the order of the store. */
  changed(ended: readonly string[], changed: readonly string[]): void;
  /** The client of a session does not wait any more for its request with this id. */
  cancelled(key: string, idText: string): void;
  listsChanged(view: string, backend: string): void;
  /** Another pod drains, or one does not any more. */
  drains(): void;
  /** Changes may have been missed. */
  missed(): void;
  /** The store came back empty. */
  emptied(): void;
}

export interface RedisChangesParts {
  readonly settings: RedisSettings;
  readonly keys: RedisKeys;
  /** What this process calls itself in the stream: its own changes are left out. */
  readonly by: string;
  /** The first arguments of every script. */
  readonly scriptArgs: () => readonly string[];
  readonly listener: ChangeListener;
  readonly log: Logger;
}

/**
 * Follows the stream of changes on a connection of its own: a read waits at the server, so that a change is
 * heard of as soon as it happens.
 */
export class RedisChanges {
  readonly #parts: RedisChangesParts;
  readonly #connection: RedisConnection;
  readonly #opened = Promise.withResolvers<void>();
  /** The last change that was read. */
  #cursor: string | undefined;
  #generation: string | undefined;
  #settledAtMs = Number.NEGATIVE_INFINITY;
  /** When the server last answered a read. */
  #heardAtMs = clock.monotonicMs();
  /** The server was asked whether it belongs to a cluster. */
  #isKnown = false;
  #closed = false;

  constructor(parts: RedisChangesParts) {
    this.#parts = parts;
    this.#connection = new RedisConnection(parts);
    // Whoever starts the process hears of it; others may not wait for it at all.
    this.#opened.promise.catch(() => {});
    void this.#follow();
  }

  /**
   * Resolves when changes are followed: nothing that happens from then on is missed without being said.
   *
   * @throws {ConfigError} where the server is one that cannot be used.
   */
  get opened(): Promise<void> {
    return this.#opened.promise;
  }

  /** How long ago the last change could be heard, in milliseconds; up to half a second while all is well. */
  get silentMs(): number {
    return clock.monotonicMs() - this.#heardAtMs;
  }

  close(): void {
    this.#closed = true;
    this.#connection.close();
  }

  async #follow(): Promise<void> {
    const backoff = new Backoff(RETRY);
    while (!this.#closed) {
      try {
        if (!this.#isKnown && this.#parts.settings.cluster === undefined) {
          await this.#requireNoCluster();
        }
        if (clock.monotonicMs() - this.#settledAtMs > SETTLE_MS) await this.#settle();
        if (this.#cursor === undefined) await this.#begin();
        else await this.#read(this.#cursor);
        backoff.reset();
      } catch (error) {
        if (this.#closed) return;
        const refusal = this.#refusalOf(error);
        if (refusal !== undefined) {
          this.#opened.reject(refusal);
          return;
        }
        this.#parts.log.debug({ error }, "changes of sessions cannot be read");
        // A server that takes over may have lost what made the generation.
        this.#settledAtMs = Number.NEGATIVE_INFINITY;
        await clock.sleep(backoff.nextMs());
      }
    }
  }

  /** Why the server cannot be used at all; undefined where it may answer later. */
  #refusalOf(error: unknown): ConfigError | undefined {
    if (error instanceof ConfigError) return error;
    if (this.#parts.settings.cluster !== undefined) {
      return isOfNoCluster(error) ? this.#isNoCluster() : undefined;
    }
    return isOfCluster(error) ? this.#isCluster() : undefined;
  }

  /** @throws {ConfigError} */
  async #requireNoCluster(): Promise<void> {
    const found = await this.#connection.run((client) =>
      client.info("cluster").catch((error: unknown) => {
        // A user that may not ask finds out by the first keys of another server.
        if (replyCode(error) === "NOPERM") return "";
        throw error;
      }),
    );
    if (/^cluster_enabled:1/m.test(found)) throw this.#isCluster();
    this.#isKnown = true;
  }

  #isCluster(): ConfigError {
    const { address, sentinel } = this.#parts.settings;
    const at = sentinel === undefined ? "address" : "sentinel";
    const value = address === undefined ? undefined : addressText(address);
    const rule = "must be a Redis or Valkey without cluster mode: this is a node of a cluster";
    const fix =
      address === undefined
        ? "set sessionStorage.cluster instead, with some of its nodes in addrs"
        : `set sessionStorage.cluster instead: {"addrs": ["${addressText(address)}"]}`;
    return new ConfigError([fault(["sessionStorage", at], value, rule, fix)]);
  }

  #isNoCluster(): ConfigError {
    const { cluster } = this.#parts.settings;
    const addresses = cluster?.addresses.map(addressText) ?? [];
    const rule = "must be nodes of a Redis Cluster or Valkey Cluster: cluster mode is off here";
    const fix = `set sessionStorage.address instead: ${addresses[0]}`;
    return new ConfigError([fault(["sessionStorage", "cluster", "addrs"], addresses, rule, fix)]);
  }

  async #settle(): Promise<void> {
    const { keys, scriptArgs, listener } = this.#parts;
    const args = [...scriptArgs(), random.uuid()];
    const found = await this.#connection.run((client) =>
      runScript(client, "ensure-generation", keys.ofStore, args),
    );
    const known = this.#generation;
    this.#generation = String(found);
    this.#settledAtMs = clock.monotonicMs();
    if (known !== undefined && known !== this.#generation) listener.emptied();
  }

  /** Goes to the end of the stream. What happened before is not known here. */
  async #begin(): Promise<void> {
    const { keys, listener } = this.#parts;
    const last = await this.#connection.run((client) =>
      client.xrevrange(keys.changes, "+", "-", "COUNT", 1),
    );
    this.#cursor = last[0]?.[0] ?? BEGINNING;
    this.#heardAtMs = clock.monotonicMs();
    listener.missed();
    this.#opened.resolve();
  }

  async #read(cursor: string): Promise<void> {
    const { keys, by, listener } = this.#parts;
    const [standing, streams] = await this.#connection.run((client) =>
      Promise.all([
        client.xrange(keys.changes, cursor, cursor, "COUNT", 1),
        client.xread("COUNT", READ_COUNT, "BLOCK", BLOCK_MS, "STREAMS", keys.changes, cursor),
      ]),
    );
    // The last change that was read is not there any more: what followed it may be gone with it.
    if (cursor !== BEGINNING && standing.length === 0) {
      this.#cursor = undefined;
      this.#settledAtMs = Number.NEGATIVE_INFINITY;
      return;
    }
    this.#heardAtMs = clock.monotonicMs();
    const entries = streams?.[0]?.[1] ?? [];
    const ended: string[] = [];
    const changed = new Set<string>();
    for (const [, fields] of entries) {
      const { kind, key, by: author, id } = fieldsOf(fields);
      if (key === undefined || author === by) continue;
      if (kind === "ended") ended.push(key);
      else if (kind === "cancelled") listener.cancelled(key, id ?? "");
      else if (kind === "lists") listener.listsChanged(key, id ?? "");
      else if (kind === "drains") listener.drains();
      else changed.add(key);
    }
    for (const key of ended) changed.delete(key);
    this.#cursor = entries.at(-1)?.[0] ?? cursor;
    if (ended.length > 0 || changed.size > 0) listener.changed(ended, [...changed]);
  }
}

const addressText = ({ host, port }: NetworkAddress): string =>
  `${host.includes(":") ? `[${host}]` : host}:${port}`;

function fieldsOf(flat: readonly string[]): Readonly<Record<string, string | undefined>> {
  const pairs: [string, string][] = [];
  for (let index = 0; index + 1 < flat.length; index += 2) {
    pairs.push([flat[index] ?? "", flat[index + 1] ?? ""]);
  }
  return Object.fromEntries(pairs);
}
