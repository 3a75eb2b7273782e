import { type Command, InvalidArgumentError, Option } from "commander";
import {
  bytes,
  INPUT_NAMES,
  INPUTS,
  type Input,
  type InputName,
  type PlanInputs,
  plan,
  printInput,
  STORES,
  seconds,
  type Unit,
} from "./contract/index.ts";
import { planTable } from "./plan-table.ts";

type PlanOptions = PlanInputs & { readonly json?: true };

/** `mcp-fleet plan`: what a fleet needs for a load, with the arithmetic. Errors: CapacityError. */
export function addPlan(program: Command): void {
  const command = program
    .command("plan")
    .description("say what a fleet of gateways needs: pods, descriptors, memory, store and time")
    .option("--json", "as JSON")
    .addOption(new Option("--store <kind>", "where sessions are kept").choices(STORES))
    .action(print);
  for (const name of INPUT_NAMES) command.addOption(optionOf(name));
}

function print({ json, ...inputs }: PlanOptions): void {
  const answer = plan(inputs);
  const text = json ? `${JSON.stringify(answer, undefined, 2)}\n` : planTable(answer);
  process.stdout.write(text);
}

/** `memoryBytes` is `--memory-bytes`; required where there is no default and nothing that it follows from. */
function optionOf(name: InputName): Option {
  const { unit, about, fallback }: Input = INPUTS[name];
  const flag = name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
  const known = fallback === undefined ? "" : ` (default: ${printInput(name, fallback)})`;
  const option = new Option(`--${flag} <${kindOf(unit)}>`, `${about}${known}`);
  option.argParser((text: string) => read(unit, text));
  return option.makeOptionMandatory(name === "sessions" || name === "backends");
}

function kindOf(unit: Unit): string {
  if (unit === "bytes") return "size";
  return unit === "seconds" ? "duration" : "number";
}

/** A number, or what the configuration writes in its place: `2Gi`, `5m`. */
function read(unit: Unit, text: string): number {
  const value = Number(text);
  if (text.trim() !== "" && !Number.isNaN(value)) return value;
  try {
    if (unit === "bytes") return bytes(text);
    if (unit === "seconds") return seconds(text);
  } catch (error) {
    if (error instanceof RangeError) throw new InvalidArgumentError(error.message);
    throw error;
  }
  throw new InvalidArgumentError(`"${text}" is not a number`);
}
