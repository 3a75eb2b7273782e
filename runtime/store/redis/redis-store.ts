import type { RedisSettings } from "@mcp-fleet/contract/settings";
import type { Logger } from "pino";
import { clock } from "../../platform/clock.ts";
import { random } from "../../platform/random.ts";
import type { SessionRecord, Subscription, UpstreamRecord } from "../../sessions/session-record.ts";
import type {
  Creation,
  DrainingPod,
  SessionCaps,
  SessionChange,
  SessionStore,
} from "../../sessions/session-store.ts";
import type { Metrics } from "../../telemetry/metrics.ts";
import { RedisChanges } from "./redis-changes.ts";
import { type Args, RedisCommands } from "./redis-commands.ts";
import { RedisKeys } from "./redis-keys.ts";
import {
  decodeRecord,
  encodeRecord,
  podText,
  subscriptionField,
  upstreamField,
} from "./redis-record.ts";
import type { Operation } from "./redis-scripts.ts";

const SIGNING_KEY_BYTES = 32;

/** How long a store that came back empty is tried to be filled again: `RELEARN_MS` of lua/prelude.lua. */
const REFILL_MS = 10_000;
const REFILL_RETRY_MS = 100;

const CREATIONS: readonly Creation[] = ["created", "at-capacity", "owner-at-capacity"];

export interface RedisStoreParts {
  readonly settings: RedisSettings;
  readonly metrics: Metrics;
  readonly log: Logger;
  /** Milliseconds since 1970. Default: the server's clock, which is the same for all processes. */
  readonly now?: () => number;
}

/** The store of many processes, in Redis or Valkey, standalone or behind Sentinel. */
export class RedisStore implements SessionStore {
  readonly outlivesProcess = true;
  readonly #keys: RedisKeys;
  readonly #log: Logger;
  readonly #commands: RedisCommands;
  readonly #changes: RedisChanges;
  readonly #listeners = new Set<(change: SessionChange) => void>();
  #signingKey: Promise<Buffer> | undefined;
  /** As last read: what a store that came back empty is told again. */
  #draining: readonly DrainingPod[] = [];

  constructor({ settings, metrics, log, now }: RedisStoreParts) {
    const keys = new RedisKeys(settings.keyPrefix);
    const shared = { settings, keys, log, by: random.uuid() };
    this.#keys = keys;
    this.#log = log;
    this.#commands = new RedisCommands({ ...shared, metrics, now });
    this.#changes = new RedisChanges({
      ...shared,
      scriptArgs: () => this.#commands.scriptArgs,
      listener: {
        changed: (ended, changed) => void this.#tellOthers(ended, changed),
        cancelled: (key, idText) => this.#tell({ kind: "cancelled", key, idText }),
        listsChanged: (view, backend) => this.#tell({ kind: "lists", view, backend }),
        drains: () => this.#tell({ kind: "drains" }),
        missed: () => this.#tell({ kind: "gap" }),
        emptied: () => this.#refill(),
      },
    });
  }

  /** Resolves when the changes of other processes are heard here. */
  get opened(): Promise<void> {
    return this.#changes.opened;
  }

  get silentMs(): number {
    return this.#changes.silentMs;
  }

  async create(record: SessionRecord, caps: SessionCaps): Promise<Creation> {
    const args = [
      caps.maxSessions,
      caps.maxPerOwner ?? "",
      record.owner,
      Math.ceil(record.expiresAtMs),
      ...encodeRecord(record),
    ];
    const creation = await this.#commands.ofSession("create", record.key, args);
    return CREATIONS.find((known) => known === creation) ?? "at-capacity";
  }

  async load(key: string): Promise<SessionRecord | undefined> {
    return readFields(key, await this.#commands.ofSession("load", key));
  }

  async touch(key: string, expiresAtMs: number): Promise<boolean> {
    return (await this.#commands.ofSession("touch", key, [Math.ceil(expiresAtMs)])) === 1;
  }

  setLogLevel(key: string, level: string): Promise<SessionRecord | undefined> {
    return this.#change("set-log-level", key, [level]);
  }

  subscribe(key: string, subscription: Subscription): Promise<SessionRecord | undefined> {
    return this.#change("subscribe", key, [subscriptionField(subscription)]);
  }

  unsubscribe(key: string, subscription: Subscription): Promise<SessionRecord | undefined> {
    return this.#change("unsubscribe", key, [subscriptionField(subscription)]);
  }

  setUpstream(
    key: string,
    backend: string,
    upstream: UpstreamRecord,
  ): Promise<SessionRecord | undefined> {
    const pod = upstream.pod === undefined ? "" : podText(backend, upstream.pod);
    const args = [upstreamField(backend), JSON.stringify(upstream), pod];
    return this.#change("set-upstream", key, args);
  }

  async pin(key: string, backend: string, pods: readonly string[]): Promise<string | undefined> {
    const args = [upstreamField(backend), ...pods.map((pod) => podText(backend, pod))];
    const place = Number((await this.#commands.ofSession("pin", key, args)) ?? 0);
    return pods[place - 1];
  }

  async podSessions(backend: string, pods: readonly string[]): Promise<number[]> {
    const args = pods.map((pod) => podText(backend, pod));
    const counts = await this.#commands.ofStore("pod-sessions", args);
    return Array.isArray(counts) ? counts.map(Number) : [];
  }

  async sessionsOn(backend: string, pod: string, limit: number): Promise<string[]> {
    const keys = await this.#commands.ofStore("sessions-on", [podText(backend, pod), limit]);
    return Array.isArray(keys) ? keys.map(String) : [];
  }

  async setDraining({ backend, pod }: DrainingPod, drains: boolean): Promise<void> {
    await this.#commands.ofStore("set-draining", [podText(backend, pod), drains ? 1 : 0]);
    this.#tell({ kind: "drains" });
  }

  async draining(): Promise<readonly DrainingPod[]> {
    const found = await this.#commands.ofStore("draining");
    this.#draining = (Array.isArray(found) ? found : []).map((text) => {
      const [backend, pod]: [string, string] = JSON.parse(String(text));
      return { backend, pod };
    });
    return this.#draining;
  }

  async lease(key: string, purpose: string, holder: string, ttlMs: number): Promise<boolean> {
    return (
      (await this.#commands.ofSession("lease", key, [purpose, holder, Math.ceil(ttlMs)])) === 1
    );
  }

  async release(key: string, purpose: string, holder: string): Promise<void> {
    await this.#commands.ofSession("release", key, [purpose, holder]);
  }

  async leased(key: string, purposePrefix: string): Promise<boolean> {
    return (await this.#commands.ofSession("leased", key, [purposePrefix])) === 1;
  }

  async cancel(key: string, idText: string): Promise<void> {
    const told = await this.#commands.ofSession("cancel", key, [idText]);
    if (told === 1) this.#tell({ kind: "cancelled", key, idText });
  }

  async listsChanged(view: string, backend: string): Promise<void> {
    await this.#commands.ofStore("lists-changed", [view, backend]);
    this.#tell({ kind: "lists", view, backend });
  }

  async end(key: string): Promise<SessionRecord | undefined> {
    const record = readFields(key, await this.#commands.ofSession("end", key, [random.uuid()]));
    if (record !== undefined) this.#tell({ kind: "ended", key });
    return record;
  }

  async takeExpired(limit: number): Promise<SessionRecord[]> {
    const { recordPrefix, leasesPrefix } = this.#keys;
    const taken = await this.#commands.ofStore("take-expired", [limit, recordPrefix, leasesPrefix]);
    if (!Array.isArray(taken)) return [];
    const records: SessionRecord[] = [];
    for (const [key, fields] of taken) {
      const record = readFields(String(key), fields);
      if (record === undefined) continue;
      records.push(record);
      this.#tell({ kind: "ended", key: record.key });
    }
    return records;
  }

  async count(): Promise<number> {
    return Number(await this.#commands.ofStore("count"));
  }

  watch(listener: (change: SessionChange) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  signingKey(): Promise<Buffer> {
    const made = random.bytes(SIGNING_KEY_BYTES);
    this.#signingKey ??= this.#keepSigningKey(made).catch((error: unknown) => {
      this.#signingKey = undefined;
      throw error;
    });
    return this.#signingKey;
  }

  async close(): Promise<void> {
    this.#listeners.clear();
    this.#changes.close();
    this.#commands.close();
  }

  async #change(operation: Operation, key: string, args: Args): Promise<SessionRecord | undefined> {
    const answer = await this.#commands.ofSession(operation, key, args);
    if (!Array.isArray(answer)) return undefined;
    const [changed, fields] = answer;
    const record = readFields(key, fields);
    if (record !== undefined && changed === 1) this.#tell({ kind: "changed", record });
    return record;
  }

  #tell(change: SessionChange): void {
    for (const listener of this.#listeners) listener(change);
  }

  /**
   * The stream says only which sessions changed. Their records are read on the connection that this process
   * writes on, so that no older one follows upon the answer to a write.
   */
  async #tellOthers(ended: readonly string[], changed: readonly string[]): Promise<void> {
    for (const key of ended) this.#tell({ kind: "ended", key });
    const loads = changed.map(async (key) => {
      const record = await this.load(key);
      if (record !== undefined) this.#tell({ kind: "changed", record });
    });
    try {
      await Promise.all(loads);
    } catch (error) {
      this.#log.warn({ error }, "changed sessions cannot be read");
      this.#tell({ kind: "gap" });
    }
  }

  #refill(): void {
    this.#log.error("the session store came back empty: sessions held here are written again");
    const restore = async (record: SessionRecord) => {
      const args = [Math.ceil(record.expiresAtMs), ...encodeRecord(record)];
      await insist(() => this.#commands.ofSession("restore", record.key, args));
    };
    this.#tell({ kind: "emptied", restore });
    for (const pod of this.#draining) {
      insist(() => this.setDraining(pod, true)).catch((error: unknown) =>
        this.#log.warn({ error, ...pod }, "that a pod drains cannot be kept"),
      );
    }
    this.#signingKey
      ?.then((key) => insist(() => this.#keepSigningKey(key)))
      .catch((error: unknown) => this.#log.warn({ error }, "the signing key cannot be kept"));
  }

  /** Keeps the key unless one is there. Answers the one that is there then. */
  async #keepSigningKey(key: Buffer): Promise<Buffer> {
    const kept = await this.#commands.keep(this.#keys.signingKey, key.toString("base64"));
    return Buffer.from(kept, "base64");
  }
}

/** The connection that hears of the emptiness may be back before the one that commands go through. */
async function insist(work: () => Promise<unknown>): Promise<void> {
  const untilMs = clock.monotonicMs() + REFILL_MS;
  for (;;) {
    try {
      await work();
      return;
    } catch (error) {
      if (clock.monotonicMs() > untilMs) throw error;
      await clock.sleep(REFILL_RETRY_MS, { ref: false });
    }
  }
}

function readFields(key: string, fields: unknown): SessionRecord | undefined {
  return Array.isArray(fields) ? decodeRecord(key, fields.map(String)) : undefined;
}
