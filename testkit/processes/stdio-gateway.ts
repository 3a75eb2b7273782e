import { readdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Configuration, Role } from "@mcp-fleet/contract/settings";
import { FOLDER_PREFIX } from "../../runtime/upstream/transports/stdio/child.ts";
import type { RawClient } from "../clients/raw-client.ts";
import { type RunningRole, startRoles } from "./gateway.ts";
import { callOf, messagesOf } from "./scripted-fleet.ts";

const SERVER = join(import.meta.dirname, "../servers/stdio-server.ts");

type Backend = Configuration["backends"][number];

export interface StdioOptions extends Partial<Backend> {
  /** What the server does at its start: see `stdio-server.ts`. */
  readonly flags?: readonly string[];
  readonly limits?: Configuration["limits"];
  readonly role?: Role;
  /** The port of the Redis that processes share. Default: memory of their own. */
  readonly redisPort?: number;
  readonly environment?: Readonly<Record<string, string>>;
}

/** A process before the server over stdio of the tests, until the end of the test. */
export async function startStdio(options: StdioOptions = {}): Promise<RunningRole> {
  const [running] = await startAll(1, options);
  return running;
}

/** Two of them, which share their sessions. */
export async function startStdioPair(
  options: StdioOptions = {},
): Promise<readonly [RunningRole, RunningRole]> {
  const [first, second] = await startAll(2, options);
  if (second === undefined) throw new Error("one process has started, and not two");
  return [first, second];
}

function startAll(count: number, options: StdioOptions) {
  const { flags = [], limits, redisPort, role = "gateway", environment = {}, ...backend } = options;
  const configuration: Configuration = {
    aggregation: { conflictResolutionConfig: { prefixFormat: "" } },
    backends: [
      {
        name: "local",
        transport: "stdio",
        command: process.execPath,
        args: [SERVER, ...flags],
        ...backend,
      },
    ],
    ...(limits && { limits }),
    ...(redisPort !== undefined && {
      sessionStorage: { provider: "redis", address: `127.0.0.1:${redisPort}` },
    }),
  };
  const { PATH = "" } = process.env;
  return startRoles(configuration, { role, count, environment: { PATH, ...environment } });
}

/** A call of the server's one tool. */
export function deedOf(what: string, id = 1): string {
  return callOf("do", id, { input: { what } });
}

/** What the server's tool says to a deed; where the call fails, the whole answer. */
export async function deed(client: RawClient, what: string): Promise<string> {
  const answer = await client.post(deedOf(what));
  const [last] = messagesOf(answer).toReversed();
  return last?.result?.content?.[0]?.text ?? answer.text;
}

/** Whether a process is there. */
export function isRunning(pid: string): boolean {
  try {
    process.kill(Number(pid), 0);
    return true;
  } catch {
    return false;
  }
}

/** How many folders of sessions there are. */
export function sessionFolders(): number {
  return readdirSync(tmpdir()).filter((name) => name.startsWith(FOLDER_PREFIX)).length;
}
