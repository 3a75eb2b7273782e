import type { RedisSettings } from "@mcp-fleet/contract/settings";
import type { Logger } from "pino";
import { clock } from "../../platform/clock.ts";
import { activeTrace } from "../../telemetry/active-trace.ts";
import type { Metrics } from "../../telemetry/metrics.ts";
import type { ClusterState } from "../cluster-state.ts";
import { clusterOf, confirmingReplicas, type RedisClient } from "./redis-client.ts";
import { RedisConnection } from "./redis-connection.ts";
import type { RedisKeys } from "./redis-keys.ts";
import { isUnknownCommand, NoReplicas, replyCode } from "./redis-reply.ts";
import { addWholeScript, type Operation, runScript } from "./redis-scripts.ts";

/** With Sentinel, or in a cluster: how long a replica has to confirm what the master says. */
const REPLICA_WAIT_MS = 300;

/** Operations whose effect may not be lost with the server that confirmed it. */
const DURABLE: ReadonlySet<Operation> = new Set(["create", "end", "end-owned"]);

/** A session is in as many sets as it has pods: those that the caller did not know of are learned in one or two tries. */
const MAX_DECLARATIONS = 5;

export type Args = readonly (string | number)[];

export interface RedisCommandsParts {
  readonly settings: RedisSettings;
  readonly keys: RedisKeys;
  readonly metrics: Metrics;
  readonly log: Logger;
  /** What this process calls itself in the stream of changes. */
  readonly by: string;
  /** Milliseconds since 1970. Absent: the server's clock. */
  readonly now: (() => number) | undefined;
}

/** The operations of the store as Redis is asked for them: counted, timed, and confirmed where it matters. */
export class RedisCommands {
  readonly keys: RedisKeys;
  readonly #parts: RedisCommandsParts;
  readonly #connection: RedisConnection;
  /** Waiting for replicas holds up a connection: that of all other commands stays free of it. */
  readonly #durable: RedisConnection | undefined;
  /** Whether replicas can be asked: services of clusters may not have WAIT. */
  #hasWait = true;

  constructor(parts: RedisCommandsParts) {
    this.keys = parts.keys;
    this.#parts = parts;
    this.#connection = new RedisConnection(parts);
    const { sentinel, cluster } = parts.settings;
    if ((sentinel ?? cluster) !== undefined) this.#durable = new RedisConnection(parts);
  }

  /** The cluster that all this is in; undefined where it is one server, or behind Sentinel. */
  get cluster(): ClusterState | undefined {
    const known = clusterOf(this.#connection.client, this.keys.probe);
    return known && { ...known, confirmed: this.#hasWait && known.replicas > 0 };
  }

  /** What every script begins with: `ARGV[1]` and `ARGV[2]`. */
  get scriptArgs(): readonly string[] {
    const { by, now } = this.#parts;
    return [now === undefined ? "" : String(now()), by];
  }

  /**
   * What the script says about one session.
   *
   * @param sets those that the session is, or may come to be, a member of; what is missing is learned from the script.
   * @throws {FleetError} STORE_UNAVAILABLE
   */
  ofSession(
    operation: Operation,
    key: string,
    args: Args = [],
    sets: readonly string[] = [],
  ): Promise<unknown> {
    const declared = new Set(sets);
    const keys = () => this.keys.ofSession(key, [...declared]);
    return this.#run(operation, keys, [key, ...args], declared);
  }

  /**
   * What the script says about the whole store.
   *
   * @throws STORE_UNAVAILABLE.
   */
  ofStore(operation: Operation, args: Args = [], sets: readonly string[] = []): Promise<unknown> {
    const keys = [...this.keys.ofStore, ...sets];
    return this.#run(operation, () => keys, args, new Set());
  }

  /**
   * Keeps a text unless one is there. Returns the one that is there then.
   *
   * @throws STORE_UNAVAILABLE.
   */
  keep(name: string, text: string): Promise<string> {
    return this.#measured("keep", () =>
      this.#connection.run(async (client) => {
        // A server that is full refuses the write also where nothing would be written.
        const there = await client.get(name);
        if (there !== null) return there;
        if ((await client.set(name, text, "NX")) === "OK") return text;
        const kept = await client.get(name);
        if (kept === null) throw new Error(`${name} was there and is gone`);
        return kept;
      }),
    );
  }

  close(): void {
    this.#durable?.close();
    this.#connection.close();
  }

  #run(
    operation: Operation,
    keys: () => readonly string[],
    args: Args,
    declared: Set<string>,
  ): Promise<unknown> {
    const durable = DURABLE.has(operation) ? this.#durable : undefined;
    const connection = durable ?? this.#connection;
    return this.#measured(operation, () =>
      connection.run(async (client) => {
        const all = [...this.scriptArgs, ...args];
        const run = () => runScript(client, operation, keys(), all);
        const confirmed = () =>
          declaring(declared, () => this.#confirmed(client, operation, keys(), all));
        const canConfirm =
          this.#durable !== undefined &&
          this.#hasWait &&
          confirmingReplicas(client, this.keys.probe) > 0;
        if (canConfirm && durable !== undefined) return await confirmed();
        const answer = await declaring(declared, run);
        return canConfirm && saysAbsent(operation, answer) ? await confirmed() : answer;
      }),
    );
  }

  /**
   * What the master answers, once a replica has everything up to there. A master that was replaced and does not
   * know it yet loses what it is given, and knows of no session that was opened since: nobody confirms it.
   */
  async #confirmed(
    client: RedisClient,
    operation: Operation,
    keys: readonly string[],
    args: Args,
  ): Promise<unknown> {
    const { ofStore, probe } = this.keys;
    // Sent together, so that all of it goes to one server.
    const batch = client.pipeline();
    addWholeScript(batch, "probe", [...ofStore, probe], this.scriptArgs);
    addWholeScript(batch, operation, keys, args);
    batch.wait(1, REPLICA_WAIT_MS);
    const [probed, answered, waited] = (await batch.exec()) ?? [];
    for (const [error] of [probed ?? [], answered ?? []]) if (error) throw error;
    const [error, replicas] = waited ?? [];
    if (error && !this.#isWithoutWait(error)) throw error;
    if (!error && !(Number(replicas) >= 1)) throw new NoReplicas();
    return answered?.[1];
  }

  /** Where nobody can be asked, a master is believed, as one without replicas is. With Sentinel, the servers are one's own. */
  #isWithoutWait(error: unknown): boolean {
    const { settings, log } = this.#parts;
    if (settings.cluster === undefined || !isUnknownCommand(error)) return false;
    if (this.#hasWait) {
      log.warn("the cluster has no WAIT: a failover may lose sessions of its last moment");
    }
    this.#hasWait = false;
    return true;
  }

  async #measured<T>(operation: string, work: () => Promise<T>): Promise<T> {
    const { storeSeconds, storeErrors } = this.#parts.metrics;
    const startedAtMs = clock.monotonicMs();
    let failed = false;
    try {
      return await work();
    } catch (error) {
      failed = true;
      storeErrors.inc({ operation });
      throw error;
    } finally {
      storeSeconds.observe({ operation }, (clock.monotonicMs() - startedAtMs) / 1000);
      activeTrace()?.record(`store ${operation}`, startedAtMs, failed);
    }
  }
}

/** Runs a script again with the sets that it says are missing among its keys; it has written nothing then. */
async function declaring(declared: Set<string>, script: () => Promise<unknown>): Promise<unknown> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await script();
    } catch (error) {
      const isMissing = error instanceof Error && replyCode(error) === "UNDECLARED";
      if (!isMissing || tries >= MAX_DECLARATIONS) throw error;
      for (const set of setsIn(error.message)) declared.add(set);
    }
  }
}

/** `UNDECLARED ["one","other"]`, which Redis ends with words of its own. */
function setsIn(message: string): string[] {
  const [list = "[]"] = /\[.*\]/s.exec(message) ?? [];
  const sets: unknown = JSON.parse(list);
  return Array.isArray(sets) ? sets.map(String) : [];
}

/** Whether an answer amounts to "there is no such session". */
function saysAbsent(operation: Operation, answer: unknown): boolean {
  return answer === null || (operation === "touch" && answer === 0);
}
