import {
  CapacityError,
  INPUT_NAMES,
  INPUTS,
  type Input,
  type InputName,
  inputKey,
  type Plan,
  type PlanInputs,
  plan,
  planOf,
  printInput,
  readInput,
  STORES,
  type Store,
  type Unit,
} from "@mcp-fleet/contract/capacity";
import { type Command, InvalidArgumentError, Option } from "commander";
import { readConfiguration } from "../server/configuration.ts";
import { planTable } from "./plan-table.ts";

/** By option: inputs stand under their keys. */
interface PlanOptions extends Readonly<Record<string, unknown>> {
  readonly config?: string;
  readonly store?: Store;
  readonly json?: true;
}

/**
 * `mcp-fleet plan`: what a fleet needs for a load, with the arithmetic.
 *
 * @throws ConfigError, CapacityError.
 */
export function addPlan(program: Command): void {
  const command = program
    .command("plan")
    .description("compute what a fleet needs: pods, descriptors, memory, store and time")
    .option("--config <file>", "a configuration with its section load; flags go before it")
    .option("--json", "as JSON")
    .addOption(new Option("--store <kind>", "where sessions are kept").choices(STORES))
    .action((options: PlanOptions) => print(command, options));
  for (const name of INPUT_NAMES) command.addOption(optionOf(name));
}

function print(command: Command, options: PlanOptions): void {
  const said = inputsOf(options);
  const answer = answerTo(command, options.config, said);
  process.stdout.write(
    options.json ? `${JSON.stringify(answer, undefined, 2)}\n` : planTable(answer),
  );
}

function answerTo(command: Command, file: string | undefined, said: Partial<PlanInputs>): Plan {
  if (file !== undefined) {
    return readConfiguration({ file, environment: process.env }, (document, faults) =>
      withFlags(said, () => planOf(document, faults, said)),
    );
  }
  const { sessions, backends } = said;
  if (sessions === undefined || backends === undefined) {
    command.error("error: --sessions and --backends are required without --config");
  }
  return withFlags(said, () => plan({ ...said, sessions }));
}

/** What a flag says is at fault there, whatever a file says. */
function withFlags(said: Partial<PlanInputs>, work: () => Plan): Plan {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof CapacityError)) throw error;
    throw error.map((found) =>
      Object.hasOwn(said, found.path) ? { ...found, origin: flagOf(found.path) } : found,
    );
  }
}

function inputsOf(options: PlanOptions): Partial<PlanInputs> {
  const { store } = options;
  const numbers: Partial<Record<InputName, number>> = {};
  for (const name of INPUT_NAMES) {
    const value = options[inputKey(name)];
    if (typeof value === "number") numbers[name] = value;
  }
  return { ...numbers, ...(store !== undefined && { store }) };
}

/** `callTimeoutMaxSeconds` is `--call-timeout-max`, since its value says the unit. */
function flagOf(name: string): string {
  return `--${inputKey(name).replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}

function optionOf(name: InputName): Option {
  const input: Input = INPUTS[name];
  const { unit, description, default: fallback } = input;
  const known = fallback === undefined ? "" : ` (default: ${printInput(name, fallback)})`;
  const option = new Option(`${flagOf(name)} <${kindOf(unit)}>`, `${description}${known}`);
  return option.argParser((text: string) => read(text, input));
}

/** What a person writes for a number of this unit. */
function kindOf(unit: Unit): string {
  if (unit === "bytes") return "size";
  return unit === "seconds" ? "duration" : "number";
}

function read(text: string, input: Input): number {
  try {
    return readInput(text, input);
  } catch (error) {
    if (error instanceof RangeError) throw new InvalidArgumentError(error.message);
    throw error;
  }
}
