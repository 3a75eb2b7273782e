import type { RedisSettings } from "@mcp-fleet/contract/settings";
import type { Redis } from "ioredis";
import type { Logger } from "pino";
import type { Metrics } from "../../telemetry/metrics.ts";
import { FleetError } from "../../wire/fleet-error.ts";
import { RedisConnection } from "./redis-connection.ts";
import type { RedisKeys } from "./redis-keys.ts";
import { type Operation, runScript, runWholeScript } from "./redis-scripts.ts";

/** With Sentinel: how long a replica has to confirm what the master says. */
const REPLICA_WAIT_MS = 300;

/** Operations whose effect may not be lost with the server that confirmed it. */
const DURABLE: ReadonlySet<Operation> = new Set(["create", "end"]);

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
  readonly #parts: RedisCommandsParts;
  readonly #connection: RedisConnection;
  /** Waiting for replicas holds up a connection: that of all other commands stays free of it. */
  readonly #durable: RedisConnection | undefined;

  constructor(parts: RedisCommandsParts) {
    this.#parts = parts;
    this.#connection = new RedisConnection(parts);
    if (parts.settings.sentinel !== undefined) this.#durable = new RedisConnection(parts);
  }

  /** What every script begins with: `ARGV[1]` and `ARGV[2]`. */
  get scriptArgs(): readonly string[] {
    const { by, now } = this.#parts;
    return [now === undefined ? "" : String(now()), by];
  }

  /** What the script says about one session. Errors: STORE_UNAVAILABLE. */
  ofSession(operation: Operation, key: string, args: Args = []): Promise<unknown> {
    return this.#run(operation, this.#parts.keys.ofSession(key), [key, ...args]);
  }

  /** What the script says about the whole store. Errors: STORE_UNAVAILABLE. */
  ofStore(operation: Operation, args: Args = []): Promise<unknown> {
    return this.#run(operation, this.#parts.keys.ofStore, args);
  }

  /** Keeps a text unless one is there. Answers the one that is there then. Errors: STORE_UNAVAILABLE. */
  keep(name: string, text: string): Promise<string> {
    return this.#measured("keep", () =>
      this.#connection.run(async (client) => {
        if ((await client.set(name, text, "NX")) === "OK") return text;
        const kept = await client.get(name);
        if (kept === null) throw new FleetError("STORE_UNAVAILABLE");
        return kept;
      }),
    );
  }

  close(): void {
    this.#durable?.close();
    this.#connection.close();
  }

  #run(operation: Operation, keys: readonly string[], args: Args): Promise<unknown> {
    const durable = DURABLE.has(operation) ? this.#durable : undefined;
    const connection = durable ?? this.#connection;
    return this.#measured(operation, () =>
      connection.run(async (client) => {
        const all = [...this.scriptArgs, ...args];
        const confirmed = () =>
          this.#confirmed(client, () => runWholeScript(client, operation, keys, all));
        if (durable !== undefined) return confirmed();
        const answer = await runScript(client, operation, keys, all);
        return this.#durable !== undefined && saysAbsent(operation, answer) ? confirmed() : answer;
      }),
    );
  }

  /**
   * What the master answers, once a replica has everything up to there. A master that was replaced and does not
   * know it yet loses what it is given, and knows of no session that was opened since: nobody confirms it.
   */
  async #confirmed(client: Redis, work: () => Promise<unknown>): Promise<unknown> {
    const { keys, by } = this.#parts;
    // Sent together, so that all of it goes to one server.
    const [, answer, replicas] = await Promise.all([
      client.set(keys.probe, by),
      work(),
      client.wait(1, REPLICA_WAIT_MS),
    ]);
    if (replicas < 1) throw new Error("NOREPLICAS no replica has confirmed the answer");
    return answer;
  }

  async #measured<T>(operation: string, work: () => Promise<T>): Promise<T> {
    const { storeSeconds, storeErrors } = this.#parts.metrics;
    const stop = storeSeconds.startTimer({ operation });
    try {
      return await work();
    } catch (error) {
      storeErrors.inc({ operation });
      throw error;
    } finally {
      stop();
    }
  }
}

/** Whether an answer amounts to "there is no such session". */
function saysAbsent(operation: Operation, answer: unknown): boolean {
  return answer === null || (operation === "touch" && answer === 0);
}
