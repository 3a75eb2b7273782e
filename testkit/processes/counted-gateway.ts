import { createHook } from "node:async_hooks";
import { readFileSync } from "node:fs";
import { getHeapStatistics } from "node:v8";
import { type Configuration, validate } from "@mcp-fleet/contract/settings";
import { pino } from "pino";
import { compose } from "../../runtime/server/compose.ts";
import { NodeProcess } from "./node-process.ts";

/** Makes a gateway say what it has counted so far. */
const ASK = "SIGUSR2";

/** What a process has made and asked of the kernel since it started. */
export interface Counts {
  readonly promises: number;
  readonly timers: number;
  /** Callbacks of `process.nextTick` and `setImmediate`. */
  readonly callbacks: number;
  /** System calls that read, of any descriptor. */
  readonly reads: number;
  /** System calls that write, of any descriptor. */
  readonly writes: number;
  /** Bytes of JavaScript objects. */
  readonly allocatedBytes: number;
}

/** `hooks`: promises, timers and callbacks are counted. `bytes`: they are not, since counting them allocates. */
export type Counted = "hooks" | "bytes";

/** The hooks' names of what is counted. */
const KINDS: ReadonlyMap<string, "promises" | "timers" | "callbacks"> = new Map([
  ["PROMISE", "promises"],
  ["Timeout", "timers"],
  ["TickObject", "callbacks"],
  ["Immediate", "callbacks"],
]);

/** A gateway in a process of its own, on free ports, that counts what its work takes. Of Linux: it reads /proc. */
export class CountedGateway {
  readonly url: string;
  readonly #process: NodeProcess;

  private constructor(process: NodeProcess, url: string) {
    this.#process = process;
    this.url = url;
  }

  static async start(configuration: Configuration, counted: Counted): Promise<CountedGateway> {
    const args = [import.meta.filename, counted, JSON.stringify(configuration)];
    const process = new NodeProcess(args);
    const { url } = JSON.parse(await process.nextLine(/"adminUrl"/));
    return new CountedGateway(process, url);
  }

  async counts(): Promise<Counts> {
    const line = this.#process.nextLine(/"allocatedBytes"/);
    this.#process.signal(ASK);
    return JSON.parse(await line);
  }

  stop(): Promise<void> {
    return this.#process.end();
  }
}

function count(): () => Counts {
  const made = { promises: 0, timers: 0, callbacks: 0 };
  const [, , counted] = process.argv;
  const init = (_id: number, type: string) => {
    const kind = KINDS.get(type);
    if (kind) made[kind] += 1;
  };
  if (counted === "hooks") createHook({ init }).enable();
  return () => {
    const io = readFileSync("/proc/self/io", "utf8");
    const field = (name: string) => Number(new RegExp(`^${name}: (\\d+)`, "m").exec(io)?.[1]);
    const { total_allocated_bytes } = Object(getHeapStatistics());
    const allocatedBytes: number = total_allocated_bytes;
    return { ...made, reads: field("syscr"), writes: field("syscw"), allocatedBytes };
  };
}

if (import.meta.main) {
  const [, , , text = ""] = process.argv;
  const given = { port: 0, adminPort: 0, ...JSON.parse(text) };
  const settings = validate(given, [], "gateway");
  const counts = count();
  const server = await compose({ settings, log: pino({ level: "silent" }) });
  const addresses = await server.listen();
  const say = (what: object) => process.stdout.write(`${JSON.stringify(what)}\n`);
  process.on(ASK, () => say(counts()));
  say(addresses);
}
