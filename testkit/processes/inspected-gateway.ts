import { readdirSync } from "node:fs";
import { setImmediate as turn } from "node:timers/promises";
import { type Configuration, validate } from "@mcp-fleet/contract/settings";
import { pino } from "pino";
import { compose } from "../../runtime/server/compose.ts";
import type { ServerAddresses } from "../../runtime/server/server.ts";
import { NodeProcess } from "./node-process.ts";

/** Makes a gateway say what it holds. */
const ASK = "SIGUSR2";

/** What a gateway process holds. */
export interface Inspection {
  /** After a forced collection. */
  readonly heapUsedBytes: number;
  readonly descriptors: number;
  /** What keeps its event loop alive, by kind: sockets, listeners, timers. */
  readonly handles: Readonly<Record<string, number>>;
}

/** A gateway in a process of its own, on free ports, that says what it holds. */
export class InspectedGateway {
  readonly #process: NodeProcess;
  readonly #addresses: ServerAddresses;

  private constructor(process: NodeProcess, addresses: ServerAddresses) {
    this.#process = process;
    this.#addresses = addresses;
  }

  static async start(configuration: Configuration): Promise<InspectedGateway> {
    const args = ["--expose-gc", import.meta.filename, JSON.stringify(configuration)];
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

  async inspect(): Promise<Inspection> {
    const inspection = this.#process.nextLine(/"heapUsedBytes"/);
    this.#process.signal(ASK);
    return JSON.parse(await inspection);
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
  const configuration: Configuration = JSON.parse(process.argv[2] ?? "");
  const settings = validate({ port: 0, adminPort: 0, ...configuration });
  const log = pino({ level: process.env.FLEET_TEST_LOG ?? "silent" });
  const gateway = await compose({ settings, log });
  const addresses = await gateway.listen();
  const say = (what: object) => process.stdout.write(`${JSON.stringify(what)}\n`);
  process.on(ASK, async () => say(await inspect()));
  say(addresses);
}
