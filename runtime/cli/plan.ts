import {
  type FleetInputs,
  INPUT_NAMES,
  INPUTS,
  type Input,
  type InputName,
  plan,
  printInput,
  type ServerLoad,
  STORES,
  type Unit,
} from "@mcp-fleet/contract/capacity";
import { type Command, InvalidArgumentError, Option } from "commander";
import { kindOf, readAmount } from "./plan-amount.ts";
import { kebab, readServer } from "./plan-server.ts";
import { planTable } from "./plan-table.ts";

type PlanOptions = Omit<FleetInputs, "servers"> & {
  readonly server?: readonly ServerLoad[];
  readonly json?: true;
};

/** `mcp-fleet plan`: what a fleet needs for a load, with the arithmetic. Errors: CapacityError. */
export function addPlan(program: Command): void {
  const command = program
    .command("plan")
    .description("say what a fleet needs: pods, descriptors, memory, store and time")
    .option("--json", "as JSON")
    .addOption(new Option("--store <kind>", "where sessions are kept").choices(STORES))
    .addOption(serverOption())
    .action((options: PlanOptions) => print(command, options));
  for (const name of INPUT_NAMES) command.addOption(optionOf(name));
}

function print(command: Command, { json, server: servers = [], ...load }: PlanOptions): void {
  if (load.backends === undefined && servers.length === 0) {
    command.error("error: --backends <number> is required where no --server is described");
  }
  const answer = plan({ ...load, servers });
  process.stdout.write(json ? `${JSON.stringify(answer, undefined, 2)}\n` : planTable(answer));
}

function serverOption(): Option {
  const example = "name=github,replicas=3,stateful,proxied,call-timeout-max=10m";
  const about = `an MCP server, said again for each; docs/capacity.md lists its keys: ${example}`;
  return new Option("--server <spec>", about).argParser(
    (text: string, before: readonly ServerLoad[] = []) => [...before, readServer(text)],
  );
}

/** `memoryBytes` is `--memory-bytes`; sessions are required, all else has a default or follows from another input. */
function optionOf(name: InputName): Option {
  const { unit, description, default: fallback }: Input = INPUTS[name];
  const known = fallback === undefined ? "" : ` (default: ${printInput(name, fallback)})`;
  const option = new Option(`--${kebab(name)} <${kindOf(unit)}>`, `${description}${known}`);
  option.argParser((text: string) => read(text, unit));
  return option.makeOptionMandatory(name === "sessions");
}

function read(text: string, unit: Unit): number {
  try {
    return readAmount(text, unit);
  } catch (error) {
    if (error instanceof RangeError) throw new InvalidArgumentError(error.message);
    throw error;
  }
}
