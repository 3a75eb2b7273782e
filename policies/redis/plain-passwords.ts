import type { Fleet } from "../stack/fleet.ts";
import type { Workload } from "../stack/workload.ts";
import { commandOf, wordsAt } from "./command.ts";
import { mountedFiles, withoutComments } from "./mounted-files.ts";

/** What precedes a password in configurations, ACL files, options and client commands. */
const BEFORE = [
  /^\s*(requirepass|masterauth|primaryauth)\s+/i,
  /^\s*(sentinel\s+auth-pass\s+\S+|sentinel\s+sentinel-pass)\s+/i,
  /^\s*(user\s+\S+)\s[^\n]*>/i,
  /--(requirepass|masterauth|primaryauth|pass)[\s=]+/i,
  /-cli\b[^\n]*\s(-a)\s+/i,
  /\b(REDISCLI_AUTH|VALKEYCLI_AUTH)=/,
];

/** A literal password: not empty quotes, a variable, or a command that reads it. */
const PASSWORD = /^["']?(?![$"'\s]|\\")\S/;

/** The places of passwords that should be in Secrets. The passwords themselves are never returned. */
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

/** The commands of a container; the first is followed by its arguments. */
const COMMANDS = [
  "command",
  "lifecycle.postStart.exec.command",
  "lifecycle.preStop.exec.command",
  "livenessProbe.exec.command",
  "readinessProbe.exec.command",
  "startupProbe.exec.command",
] as const;

/** The directives with a password, and their lines. */
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
