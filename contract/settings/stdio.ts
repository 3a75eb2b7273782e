import * as z from "zod";
import { isSection, type Path, type Section, valueAt } from "../document.ts";
import { type Fault, fault } from "../faults.ts";
import { count, duration, matching, size, text } from "./fields.ts";

/** A server that this process runs: one program for each session, spoken to over its standard input and output. */
export interface StdioSettings {
  readonly command: string;
  readonly args: readonly string[];
  /** Variables of its own. */
  readonly env: Readonly<Record<string, string>>;
  /** Names of variables that it gets of those of this process. */
  readonly passEnv: readonly string[];
  /** Where it runs. Absent: in an empty folder for each session, which is removed afterwards. */
  readonly cwd?: string;
  /** Programs at a time, those of the process's own sessions included. */
  readonly maxProcesses: number;
  /** How long one may be unused until it is ended. Absent: as long as its session. */
  readonly idleTimeoutSeconds?: number;
  /** From SIGTERM to SIGKILL. */
  readonly stopGraceSeconds: number;
  /** What one may have in memory, with all that it starts. Absent: nobody looks. */
  readonly memoryBytes?: number;
}

/** What the parent's environment has for every program, as official clients pass it on. */
export const PASSED_ENV: readonly string[] = [
  "HOME",
  "LANG",
  "LOGNAME",
  "PATH",
  "SHELL",
  "TERM",
  "TZ",
  "USER",
];

const variable = (description: string) =>
  matching(
    description,
    /^[A-Za-z_][A-Za-z0-9_]*$/,
    "must be the name of a variable",
    "use letters, digits and underscores",
  );

/** The fields of a backend with `transport: stdio`. */
export const STDIO_FIELDS = {
  command: text(
    "The program of a server over stdio, found in PATH where it has no slash. No shell reads it. Required with transport stdio.",
  ).optional(),
  args: z.array(z.string()).optional().describe("The arguments of the program, one by one."),
  env: z
    .record(variable("The name of a variable."), z.string())
    .optional()
    .describe(
      `Variables of the program. Of those of this process it gets ${PASSED_ENV.join(", ")} and passEnv only.`,
    ),
  passEnv: z
    .array(variable("The name of a variable."))
    .optional()
    .describe("The names of further variables of this process that the program gets."),
  cwd: text(
    "The folder where the program runs. Absent: an empty one for each session, which is removed afterwards.",
  ).optional(),
  process: z
    .strictObject({
      max: count(
        "The maximum number of programs at a time, one for each session that has called the server, and one for the gateway itself. Further sessions are refused at their first call.",
        1,
        10_000,
      ).default(10),
      idleTimeout: duration(
        "How long a program may be unused until it is ended: its session is told so, or gets another one (stateful: false). Absent: as long as the session.",
      ).optional(),
      stopGrace: duration("How long a program has from SIGTERM until SIGKILL.").prefault("5s"),
      memory: size(
        "The maximum memory of a program with all that it starts: above it, they are ended. Absent: nobody looks. The plan takes each to have that much, or 100Mi.",
      ).optional(),
    })
    .optional()
    .describe("The limits of the programs of a server over stdio."),
} as const;

const SHAPE = z.object(STDIO_FIELDS);
const NAMES = Object.keys(STDIO_FIELDS);

/** Fields that are about a server elsewhere. */
const ELSEWHERE = [
  "url",
  "urls",
  "srv",
  "statefulSet",
  "caBundlePath",
  "clientCertificate",
  "passthroughHeaders",
  "discoveryAuth",
] as const;

/** The settings of a valid entry with `transport: stdio`. */
export function stdioOf(parsed: z.output<typeof SHAPE>): StdioSettings {
  const { command = "", args = [], env = {}, passEnv = [], cwd, process } = parsed;
  const { max, idleTimeout, stopGrace, memory } = process ?? DEFAULT_PROCESS;
  return {
    command,
    args,
    env,
    passEnv,
    ...(cwd !== undefined && { cwd }),
    maxProcesses: max,
    ...(idleTimeout !== undefined && { idleTimeoutSeconds: idleTimeout }),
    stopGraceSeconds: stopGrace,
    ...(memory !== undefined && { memoryBytes: memory }),
  };
}

const DEFAULT_PROCESS = STDIO_FIELDS.process.unwrap().parse({});

/** A program has a command and no address; a server elsewhere has no program. */
export function stdioRules(backend: Section, path: Path): Fault[] {
  const { transport, command } = backend;
  if (transport !== "stdio") {
    return NAMES.filter((name) => backend[name] !== undefined).map((name) => {
      const rule = "must be absent unless transport is stdio";
      return fault([...path, name], backend[name], rule, "set transport: stdio, or remove it");
    });
  }
  const required = "is required with transport stdio";
  const missing =
    command === undefined
      ? [fault([...path, "command"], command, required, "add the program of the server")]
      : [];
  const elsewhere = ELSEWHERE.filter((name) => backend[name] !== undefined).map((name) => {
    const rule = "must be absent with transport stdio: the server is a program of this process";
    return fault([...path, name], backend[name], rule, "remove it");
  });
  return [...missing, ...elsewhere];
}

/** Whoever may write into a folder or a ConfigMap must not run programs here. */
export function foundStdioFaults(entry: unknown, path: Path): Fault[] {
  if (valueAt(entry, ["transport"]) !== "stdio" || !isSection(entry)) return [];
  const rule = "must be streamable-http or sse: programs are run for backends of the file alone";
  return [fault([...path, "transport"], "stdio", rule, "move the entry to backends")];
}
