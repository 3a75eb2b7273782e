import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { once } from "node:events";
import { text } from "node:stream/consumers";

/** How a command ended, and what it said. */
export interface CommandOutcome {
  /** 1 where a signal ended it. */
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a program with its arguments to its end. */
export function runCommand(command: readonly string[], input = ""): Promise<CommandOutcome> {
  const [program = "", ...args] = command;
  return outcomeOf(spawn(program, args, { stdio: "pipe" }), input);
}

/** Gives a command its input, and waits for its end. */
export async function outcomeOf(
  child: ChildProcessWithoutNullStreams,
  input: string | Buffer = "",
): Promise<CommandOutcome> {
  // A program that ends before it has read everything says why by itself.
  child.stdin.on("error", () => {});
  child.stdin.end(input);
  const ended = once(child, "close");
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)]);
  const [code] = await ended;
  return { code: Number(code ?? 1), stdout, stderr };
}
