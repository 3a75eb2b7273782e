import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Configuration } from "@mcp-fleet/contract/settings";
import { expect, onTestFinished } from "vitest";
import { stringify } from "yaml";
import { DEFECT } from "../../runtime/server/defects.ts";
import { eventually } from "../vitest/eventually.ts";

const MAIN = new URL("../../runtime/cli/main.ts", import.meta.url).pathname;

export interface GatewayProcess {
  readonly url: string;
  readonly adminUrl: string;
  /** What it has logged so far, a line each. */
  readonly lines: readonly string[];
  signal(signal: NodeJS.Signals): void;
  /** The exit code; null where a signal ended it. */
  readonly exited: Promise<number | null>;
}

/** The command of the tree as a process of its own, on free ports; gone when the test is over. */
export async function startGatewayProcess(configuration: Configuration): Promise<GatewayProcess> {
  const folder = await mkdtemp(join(tmpdir(), "mcp-fleet-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  const file = join(folder, "gateway.yaml");
  await writeFile(file, stringify(configuration));
  const ports = ["--port", "0", "--admin-port", "0"];
  const child = spawn(process.execPath, [MAIN, "gateway", "--config", file, ...ports], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  const exited = once(child, "exit").then(([code]) => code);
  onTestFinished(async () => {
    if (child.exitCode === null && child.signalCode === null) child.kill("SIGKILL");
    await exited;
  });
  const lines: string[] = [];
  // Registered last, so it runs first: what the process logged while it was used.
  onTestFinished(() => expect(lines.filter((line) => line.includes(DEFECT))).toEqual([]));
  const { promise: listening, resolve, reject } = Promise.withResolvers<string>();
  onLine(child, (line) => {
    lines.push(line);
    if (line.includes('"listening"')) resolve(line);
  });
  child.once("close", () => reject(new Error(`the gateway said:\n${lines.join("\n")}`)));
  const { url, adminUrl } = JSON.parse(await listening);
  return { url, adminUrl, lines, signal: (signal) => child.kill(signal), exited };
}

/** Resolves when a new connection is refused. */
export async function refusesConnections(url: string): Promise<void> {
  const attempt = () => fetch(url, { headers: { connection: "close" } });
  await eventually(() => expect(attempt()).rejects.toThrow());
}

function onLine(child: ChildProcess, listener: (line: string) => void): void {
  for (const output of [child.stdout, child.stderr]) {
    if (output !== null) createInterface({ input: output }).on("line", listener);
  }
}
