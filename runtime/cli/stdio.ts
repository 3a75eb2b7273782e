import { basename } from "node:path";
import { encode } from "@mcp-fleet/contract/settings";
import { type Command, InvalidArgumentError } from "commander";
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
    .addHelpText(
      "after",
      "\nEach session has a program of its own, which ends with it. docs/stdio.md has the rest.\n\n  mcp-fleet stdio --port 4483 -- npx -y @modelcontextprotocol/server-memory",
    )
    .action((command: string, args: readonly string[], options: Options) =>
      serve("proxy", options, { ...process.env, ...configurationOf(command, args, options) }),
    );
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
