import type { Fleet } from "../stack/fleet.ts";
import type { Workload } from "../stack/workload.ts";
import { commandOf, wordsAt } from "./command.ts";
import { mountedFiles, withoutComments } from "./mounted-files.ts";

/** What stands before a password, in configurations, lists of users, options and commands of the client. */
const BEFORE = [
  /^\s*(requirepass|masterauth|primaryauth)\s+/i,
  /^\s*(sentinel\s+auth-pass\s+\S+|sentinel\s+sentinel-pass)\s+/i,
  /^\s*(user\s+\S+)\s[^\n]*>/i,
  /--(requirepass|masterauth|primaryauth|pass)[\s=]+/i,
  /-cli\b[^\n]*\s(-a)\s+/i,
  /\b(REDISCLI_AUTH|VALKEYCLI_AUTH)=/,
];

/** A password, and nothing: no empty quotes, no variable, no command that reads it. */
const PASSWORD = /^["']?(?![$"'\s]|\\")\S/;

/** Where passwords stand that should be in Secrets. What they are is never said. */
export function plainPasswords(workload: Workload, fleet: Fleet): string[] {
  const ofFiles = mountedFiles(fleet, workload.resource).flatMap(({ place, text }) =>
    passwordsIn(text).map(([what, line]) => `${place}, line ${line}: ${what}`),
  );
  const ofCommands = workload.containers.flatMap((container) =>
    COMMANDS.flatMap((path) => {
      const words = path === "command" ? commandOf(container) : wordsAt(container, path);
      return passwordsIn(words.join(" ")).map(([what]) => `${container.path}.${path}: ${what}`);
    }),
  );
  return [...ofFiles, ...ofCommands];
}

/** Commands of a container; the first has its arguments behind it. */
const COMMANDS = [
  "command",
  "lifecycle.postStart.exec.command",
  "lifecycle.preStop.exec.command",
  "livenessProbe.exec.command",
  "readinessProbe.exec.command",
  "startupProbe.exec.command",
] as const;

/** What says a password, and in which line. */
function passwordsIn(text: string): [string, number][] {
  const lines = withoutComments(text).split("\n");
  return lines.flatMap((line, index) =>
    BEFORE.flatMap((before): [string, number][] => {
      const found = before.exec(line);
      if (!found || !PASSWORD.test(line.slice(found.index + found[0].length))) return [];
      return [[found[1] ?? "", index + 1]];
    }),
  );
}
