import type { RecordFormat } from "@mcp-fleet/contract/settings";
import { random } from "../../platform/random.ts";
import type {
  EndedSession,
  SessionRecord,
  Subscription,
  UpstreamRecord,
} from "../../sessions/session-record.ts";
import type { Creation, SessionCaps, SessionStore } from "../../sessions/session-store.ts";
import { decodeRecord, encodeRecord, subscriptionField, upstreamField } from "./record-format.ts";
import type { RedisBus } from "./redis-bus.ts";
import type { Args, RedisCommands } from "./redis-commands.ts";
import { podText } from "./redis-keys.ts";
import type { Operation } from "./redis-scripts.ts";

const CREATIONS: readonly Creation[] = ["created", "at-capacity", "owner-at-capacity"];

/** The records of sessions, in Redis. */
export class RedisSessions implements SessionStore {
  readonly #commands: RedisCommands;
  readonly #bus: RedisBus;
  readonly #format: RecordFormat;

  constructor(commands: RedisCommands, bus: RedisBus, format: RecordFormat) {
    this.#commands = commands;
    this.#bus = bus;
    this.#format = format;
  }

  async create(record: SessionRecord, caps: SessionCaps): Promise<Creation> {
    const args = [
      caps.maxSessions,
      caps.maxPerOwner ?? "",
      record.owner,
      Math.ceil(record.expiresAtMs),
      ...encodeRecord(record, this.#format),
    ];
    const creation = await this.#ofRecord("create", record, args);
    return CREATIONS.find((known) => known === creation) ?? "at-capacity";
  }

  async load(key: string): Promise<SessionRecord | undefined> {
    return readFields(key, await this.#commands.ofSession("load", key));
  }

  async touch(record: SessionRecord, expiresAtMs: number): Promise<boolean> {
    return (await this.#ofRecord("touch", record, [Math.ceil(expiresAtMs)])) === 1;
  }

  setLogLevel(key: string, level: string): Promise<SessionRecord | undefined> {
    return this.#changed(key, this.#commands.ofSession("set-log-level", key, [level]));
  }

  subscribe(key: string, subscription: Subscription): Promise<SessionRecord | undefined> {
    const args = [subscriptionField(subscription)];
    return this.#changed(key, this.#commands.ofSession("subscribe", key, args));
  }

  unsubscribe(key: string, subscription: Subscription): Promise<SessionRecord | undefined> {
    const args = [subscriptionField(subscription)];
    return this.#changed(key, this.#commands.ofSession("unsubscribe", key, args));
  }

  setUpstream(
    record: SessionRecord,
    backend: string,
    upstream: UpstreamRecord,
  ): Promise<SessionRecord | undefined> {
    const { pod } = upstream;
    const { keys } = this.#commands;
    const args = [
      upstreamField(backend),
      JSON.stringify(upstream),
      pod === undefined ? "" : podText(backend, pod),
    ];
    const more = pod === undefined ? [] : [keys.podSet(backend, pod)];
    return this.#changed(record.key, this.#ofRecord("set-upstream", record, args, more));
  }

  async end(record: SessionRecord): Promise<EndedSession | undefined> {
    const fields = await this.#ofRecord("end", record, [random.uuid()]);
    return this.#ended(record.key, fields);
  }

  async takeExpired(limit: number): Promise<EndedSession[]> {
    const taken: EndedSession[] = [];
    // Others list the same sessions: what they were first to end makes room for more of them.
    for (;;) {
      const left = limit - taken.length;
      const keys = await this.#commands.ofStore("list-expired", [left]);
      if (!Array.isArray(keys)) return taken;
      const ended = await Promise.all(keys.map(String).map((key) => this.#endExpired(key)));
      taken.push(...ended.filter((record) => record !== undefined));
      if (keys.length < left || taken.length === limit) return taken;
    }
  }

  async use({ key }: SessionRecord): Promise<void> {
    await this.#commands.ofSession("use", key);
  }

  async takeUnused(limit: number, minMs: number): Promise<EndedSession[]> {
    const members = await this.#commands.ofStore("list-unused", [limit, minMs]);
    const listed = Array.isArray(members) ? members.map(String) : [];
    const ended = await Promise.all(
      listed.map(async (member) => {
        const [key = ""] = member.split(" ", 1);
        const args = [random.uuid(), member];
        return this.#ended(key, await this.#commands.ofSession("end-unused", key, args));
      }),
    );
    return ended.filter((session) => session !== undefined);
  }

  async takeOwned(owner: string, limit: number): Promise<EndedSession[]> {
    const set = this.#commands.keys.ownerSet(owner);
    const keys = await this.#commands.ofStore("list-owned", [limit], [set]);
    const listed = Array.isArray(keys) ? keys.map(String) : [];
    const ended = await Promise.all(
      listed.map(async (key) => {
        const args = [random.uuid(), owner];
        return this.#ended(key, await this.#commands.ofSession("end-owned", key, args, [set]));
      }),
    );
    return ended.filter((session) => session !== undefined);
  }

  async count(): Promise<number> {
    return Number(await this.#commands.ofStore("count"));
  }

  /** Writes a session that the store has lost, unless another process was first. */
  async restore(record: SessionRecord): Promise<void> {
    const args = [Math.ceil(record.expiresAtMs), ...encodeRecord(record, this.#format)];
    await this.#ofRecord("restore", record, args);
  }

  async #endExpired(key: string): Promise<EndedSession | undefined> {
    const fields = await this.#commands.ofSession("end-expired", key, [random.uuid()]);
    return this.#ended(key, fields);
  }

  #ofRecord(
    operation: Operation,
    record: SessionRecord,
    args: Args,
    more: readonly string[] = [],
  ): Promise<unknown> {
    const sets = [...this.#commands.keys.setsOf(record), ...more];
    return this.#commands.ofSession(operation, record.key, args, sets);
  }

  async #changed(key: string, asked: Promise<unknown>): Promise<SessionRecord | undefined> {
    const answer = await asked;
    if (!Array.isArray(answer)) return undefined;
    const [changed, fields] = answer;
    const record = readFields(key, fields);
    if (record !== undefined && changed === 1) this.#bus.tell({ kind: "changed", record });
    return record;
  }

  #ended(key: string, fields: unknown): EndedSession | undefined {
    const record = readFields(key, fields);
    if (record === undefined) return undefined;
    this.#bus.tell({ kind: "ended", key });
    const { owner, upstreams } = record;
    return { key, owner, upstreams };
  }
}

function readFields(key: string, fields: unknown): SessionRecord | undefined {
  return Array.isArray(fields) ? decodeRecord(key, fields.map(String)) : undefined;
}
