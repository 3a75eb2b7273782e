import { isSection } from "@mcp-fleet/contract";
import { type Command, InvalidArgumentError, Option } from "commander";
import { readSettings } from "../server/configuration.ts";
import type { ListName } from "../wire/methods.ts";
import { configOption } from "./config-option.ts";

interface Options {
  readonly config?: string;
  readonly principal: string;
  readonly claims: Readonly<Record<string, unknown>>;
  readonly tool?: string;
  readonly prompt?: string;
  readonly resource?: string;
  readonly backend: string;
  readonly hints: Readonly<Record<string, unknown>>;
  readonly arguments?: Readonly<Record<string, unknown>>;
}

/** The option that names an item, and the list that it is in. */
const LIST_OF = {
  tool: "tools",
  prompt: "prompts",
  resource: "resources",
} as const satisfies Readonly<Record<string, ListName>>;

/** `mcp-fleet authz explain`: which policy decides, and how. */
export function addAuthz(program: Command): void {
  program
    .command("authz")
    .description("authorization by policies")
    .command("explain")
    .description("say what the policies of a configuration decide, and which of them")
    .addOption(configOption())
    .requiredOption("--principal <subject>", "who asks: the sub claim of the token")
    .option(
      "--claims <json>",
      'the claims of the token, such as \'{"groups":["eng"]}\'',
      readMap,
      {},
    )
    .addOption(
      new Option("--tool <name>", "the tool, by its name at the gateway").conflicts([
        "prompt",
        "resource",
      ]),
    )
    .addOption(
      new Option("--prompt <name>", "the prompt, by its name at the gateway").conflicts("resource"),
    )
    .option("--resource <uri>", "the URI of the resource")
    .option("--backend <name>", "the backend that it is of", "")
    .option(
      "--hints <json>",
      "the tool's annotations, such as '{\"readOnlyHint\":true}'",
      readMap,
      {},
    )
    .option("--arguments <json>", "the arguments of the call; absent: as for a list", readMap)
    .action(explain);
}

async function explain(options: Options, command: Command): Promise<void> {
  const settings = readSettings({ file: options.config, environment: process.env, flags: {} });
  if (settings.authorization === undefined) {
    process.stdout.write("permitted: incomingAuth.authz is off, every client may do everything\n");
    return;
  }
  const asked = (["tool", "prompt", "resource"] as const).find((key) => options[key] !== undefined);
  if (asked === undefined) command.error("error: name one of --tool, --prompt and --resource");
  else {
    const item = { list: LIST_OF[asked], name: options[asked] ?? "", backend: options.backend };
    const { explained } = await import("../authz/explained.ts");
    const principal = { subject: options.principal, claims: options.claims, owner: "" };
    const lines = explained({
      settings: settings.authorization,
      gateway: settings.name,
      principal,
      item: { ...item, hints: flagsIn(options.hints) },
      args: options.arguments,
    });
    process.stdout.write(`${lines.join("\n")}\n`);
  }
}

function readMap(text: string): Readonly<Record<string, unknown>> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    // What is no JSON is no map either.
  }
  if (isSection(value)) return value;
  throw new InvalidArgumentError("It must be a JSON object.");
}

function flagsIn(hints: Readonly<Record<string, unknown>>): Record<string, boolean> {
  const flags = Object.entries(hints).filter(
    (entry): entry is [string, boolean] => typeof entry[1] === "boolean",
  );
  return Object.fromEntries(flags);
}
