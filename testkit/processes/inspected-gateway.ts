import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { readdirSync } from "node:fs";
import { setImmediate as turn } from "node:timers/promises";
import { type Configuration, validate } from "@mcp-fleet/contract/settings";
import { pino } from "pino";
import { compose } from "../../runtime/server/compose.ts";
import type { ServerAddresses } from "../../runtime/server/server.ts";

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
  readonly #child: ChildProcess;
  readonly #addresses: ServerAddresses;

  private constructor(child: ChildProcess, addresses: ServerAddresses) {
    this.#child = child;
    this.#addresses = addresses;
  }

  static async start(configuration: Configuration): Promise<InspectedGateway> {
    const child = fork(import.meta.filename, [JSON.stringify(configuration)], {
      execArgv: ["--expose-gc"],
    });
    const ended = once(child, "exit").then(([code]) => {
      throw new Error(`the gateway ended with ${code} before it listened`);
    });
    const [addresses] = await Promise.race([once(child, "message"), ended]);
    ended.catch(() => {});
    return new InspectedGateway(child, addresses);
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
    this.#child.send("inspect");
    const [inspection] = await once(this.#child, "message");
    return inspection;
  }

  async stop(): Promise<void> {
    const exit = once(this.#child, "exit");
    this.#child.kill("SIGKILL");
    await exit;
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
  process.on("message", async () => process.send?.(await inspect()));
  process.on("disconnect", () => process.exit());
  process.send?.(addresses);
}
