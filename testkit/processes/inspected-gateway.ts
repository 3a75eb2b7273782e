import { readdirSync } from "node:fs";
import { setImmediate as turn } from "node:timers/promises";
import { type Configuration, type Role, validate } from "@mcp-fleet/contract/settings";
import { pino } from "pino";
import { compose } from "../../runtime/server/compose.ts";
import type { ServerAddresses } from "../../runtime/server/server.ts";
import { MemoryStore } from "../../runtime/store/memory/memory-store.ts";
import { NodeProcess } from "./node-process.ts";
import { PausedStore } from "./paused-store.ts";

/** Makes a gateway say what it holds. */
const ASK = "SIGUSR2";

/** Make a gateway's own store pause, and go on. */
const PAUSE = "SIGHUP";
const GO_ON = "SIGCONT";

/** What a gateway process holds. */
export interface Inspection {
  /** After a forced collection. */
  readonly heapUsedBytes: number;
  readonly descriptors: number;
  /** What keeps its event loop alive, by kind: sockets, listeners, timers. */
  readonly handles: Readonly<Record<string, number>>;
}

/**
 * A gateway or proxy in a process of its own, on free ports, that says what it holds. A failure that nobody handles
 * ends it, other than in production.
 */
export class InspectedGateway {
  readonly #process: NodeProcess;
  readonly #addresses: ServerAddresses;

  private constructor(process: NodeProcess, addresses: ServerAddresses) {
    this.#process = process;
    this.#addresses = addresses;
  }

  static async start(
    configuration: Configuration,
    role: Role = "gateway",
  ): Promise<InspectedGateway> {
    const args = ["--expose-gc", import.meta.filename, role, JSON.stringify(configuration)];
    const process = new NodeProcess(args);
    return new InspectedGateway(process, JSON.parse(await process.nextLine(/"adminUrl"/)));
  }

  /** The MCP endpoint. */
  get url(): string {
    return this.#addresses.url;
  }

  /** Health, metrics and status. */
  get adminUrl(): string {
    return this.#addresses.adminUrl;
  }

  /** @throws where the process has ended, with the last that it wrote. */
  async inspect(): Promise<Inspection> {
    this.check();
    const inspection = this.#process.nextLine(/"heapUsedBytes"/);
    this.#process.signal(ASK);
    return JSON.parse(await inspection);
  }

  /** @throws where the process has ended, with the last that it wrote. */
  check(): void {
    if (!this.#process.isRunning) throw new Error(`the process has ended${this.#process.output}`);
  }

  /** What is asked of its own store waits until `thawStore`; a Redis can be frozen itself. */
  pauseStore(): void {
    this.#process.signal(PAUSE);
  }

  thawStore(): void {
    this.#process.signal(GO_ON);
  }

  stop(): Promise<void> {
    return this.#process.end();
  }
}

async function inspect(): Promise<Inspection> {
  // What one collection frees may let go of more when its finalizers have run.
  for (let pass = 0; pass < 3; pass += 1) {
    globalThis.gc?.();
    await turn();
  }
  const handles: Record<string, number> = {};
  for (const kind of process.getActiveResourcesInfo()) handles[kind] = (handles[kind] ?? 0) + 1;
  return {
    heapUsedBytes: process.memoryUsage().heapUsed,
    descriptors: readdirSync("/dev/fd").length,
    handles,
  };
}

if (import.meta.main) {
  const [, , role, text = ""] = process.argv;
  const configuration: Configuration = JSON.parse(text);
  const given = { port: 0, adminPort: 0, ...configuration };
  const settings = validate(given, [], role === "proxy" ? "proxy" : "gateway");
  const log = pino({ level: process.env.FLEET_TEST_LOG ?? "silent" });
  const paused = new PausedStore(new MemoryStore());
  const isOwn = settings.sessionStorage.provider === "memory";
  const server = await compose({ settings, log, ...(isOwn && { store: paused.store }) });
  const addresses = await server.listen();
  const say = (what: object) => process.stdout.write(`${JSON.stringify(what)}\n`);
  process.on(ASK, async () => say(await inspect()));
  process.on(PAUSE, () => paused.pause());
  process.on(GO_ON, () => paused.goOn());
  say(addresses);
}
