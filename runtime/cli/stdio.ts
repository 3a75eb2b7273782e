import { basename } from "node:path";
import { FaultsError } from "@mcp-fleet/contract";
import { encode } from "@mcp-fleet/contract/settings";
import { type Command, InvalidArgumentError } from "commander";
import { readSettings } from "../server/configuration.ts";
import type { MeasuredProgram } from "../server/measured-program.ts";
import { type ServeOptions, serve, withServeOptions } from "./serve.ts";

interface Options extends ServeOptions {
  readonly name?: string;
  readonly env: Readonly<Record<string, string>>;
  readonly passEnv: readonly string[];
  readonly cwd?: string;
  readonly max?: number;
  readonly idleTimeout?: string;
  readonly memory?: string;
  readonly stateless?: true;
  readonly measure?: true;
}

/** A backend's name has no other characters. */
const UNNAMEABLE = /[^A-Za-z0-9._-]+/g;

/** `mcp-fleet stdio -- COMMAND ARGS…`: a proxy before a server over stdio. */
export function addStdio(program: Command): void {
  withServeOptions(program.command("stdio"))
    .description("serve a server over stdio as streamable HTTP: a program for each session")
    .argument("<command>", "the program of the server; no shell reads it")
    .argument("[arguments...]", "its arguments, behind --")
    .option("--name <name>", "the name of the server in logs and /status; absent: the program's")
    .option("--env <NAME=VALUE>", "a variable of the program; may be repeated", variable, {})
    .option(
      "--pass-env <NAME>",
      "a variable that it gets of this process; may be repeated",
      name,
      [],
    )
    .option("--cwd <folder>", "where it runs; absent: an empty folder for each session")
    .option("--max <number>", "programs at a time; further sessions are refused", whole)
    .option("--idle-timeout <duration>", "how long one may be unused until it is ended")
    .option("--memory <size>", "the memory of one with all that it starts, above which it is ended")
    .option("--stateless", "a lost program loses no work: calls go to another one")
    .option("--measure", "serve nothing: say what a session takes, for process.memory and the plan")
    .addHelpText(
      "after",
      "\nEach session has a program of its own, which ends with it. docs/stdio.md has the rest.\n\n  mcp-fleet stdio --port 4483 -- npx -y @modelcontextprotocol/server-memory",
    )
    .action(async (command: string, args: readonly string[], options: Options) => {
      const environment = { ...process.env, ...configurationOf(command, args, options) };
      if (options.measure) await measure(options, environment).catch(sayWhy);
      else await serve("proxy", options, environment);
    });
}

/** The configuration as variables, which override those of a file. */
function configurationOf(command: string, args: readonly string[], options: Options) {
  const { name: given, env, passEnv, cwd, max, idleTimeout, memory, stateless } = options;
  const limits = {
    ...(max !== undefined && { max }),
    ...(idleTimeout !== undefined && { idleTimeout }),
    ...(memory !== undefined && { memory }),
  };
  const backend = {
    name: given ?? basename(command).replaceAll(UNNAMEABLE, "-").slice(0, 63),
    transport: "stdio" as const,
    command,
    args: [...args],
    ...(Object.keys(env).length > 0 && { env }),
    ...(passEnv.length > 0 && { passEnv: [...passEnv] }),
    ...(cwd !== undefined && { cwd }),
    ...(stateless && { stateful: false }),
    ...(Object.keys(limits).length > 0 && { process: limits }),
  };
  return encode({ backends: [backend] });
}

/** That a program ends is its own fault, and no defect. */
function sayWhy(error: unknown): void {
  if (error instanceof FaultsError) throw error;
  process.stderr.write(`mcp-fleet: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}

/** Sessions that are measured, one after the other. */
const MEASURED = 3;

/** What a limit has above what was measured. */
const ROOM = 1.25;

/** Prints what a session of the program takes: the median of some. */
async function measure(
  { config }: ServeOptions,
  environment: Readonly<Record<string, string | undefined>>,
): Promise<void> {
  const { backends, limits } = readSettings({ role: "proxy", file: config, environment });
  const [address] = backends.map((backend) => backend.address);
  if (address?.kind !== "command") return;
  const { measureProgram } = await import("../server/measured-program.ts");
  const all: MeasuredProgram[] = [];
  for (let session = 0; session < MEASURED; session += 1) {
    all.push(await measureProgram(address, environment, limits.messageBytes));
  }
  const median = (key: keyof MeasuredProgram) =>
    all.map((one) => one[key]).toSorted((a, b) => a - b)[Math.floor(MEASURED / 2)] ?? 0;
  const mebibytes = (count: number) => `${Math.ceil(count / 2 ** 20)}Mi`;
  const lines = [
    `A session of ${address.command}, the median of ${MEASURED} that listed the tools:`,
    `  start        ${Math.round(median("startMs"))} ms until initialize was answered`,
    `  memory       ${mebibytes(median("rssBytes"))}`,
    `  processes    ${median("processes")}`,
    `  descriptors  ${median("descriptors")} of its own`,
    "",
    "Calls may take more. With a quarter more as a limit:",
    `  process: { memory: ${mebibytes(median("rssBytes") * ROOM)} }`,
  ];
  process.stdout.write(`${lines.join("\n")}\n`);
}

function variable(text: string, before: Readonly<Record<string, string>>): Record<string, string> {
  const end = text.indexOf("=");
  if (end < 1) throw new InvalidArgumentError("It must be NAME=VALUE.");
  return { ...before, [text.slice(0, end)]: text.slice(end + 1) };
}

function whole(text: string): number {
  if (!/^\d+$/.test(text)) throw new InvalidArgumentError("It must be a whole number.");
  return Number(text);
}

function name(text: string, before: readonly string[]): string[] {
  return [...before, text];
}
