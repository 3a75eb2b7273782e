import { FaultsError } from "@mcp-fleet/contract";
import { Command, CommanderError } from "commander";
import { VERSION } from "../platform/version.ts";
import { NOFILE_EXIT_CODE, NofileError, writeTerminationMessage } from "../server/nofile.ts";
import { addAuthz } from "./authz.ts";
import { addDiscover } from "./discover.ts";
import { addImport } from "./import.ts";
import { addPlan } from "./plan.ts";
import { addSchema } from "./schema.ts";
import { addServe } from "./serve.ts";
import { addStdio } from "./stdio.ts";
import { addValidate } from "./validate.ts";

/** The command line or the configuration is wrong: nothing has started. */
const USAGE_EXIT_CODE = 2;

const program = new Command("mcp-fleet")
  .description(
    "MCP gateways and proxies for a fleet: one endpoint, any number of processes, sessions shared by all of them.",
  )
  .version(VERSION)
  .exitOverride()
  .showSuggestionAfterError()
  .addHelpText("after", "\nFlags override MCP_FLEET_* variables, which override the file.");

addServe(program);
addStdio(program);
addValidate(program);
addSchema(program);
addPlan(program);
addAuthz(program);
addDiscover(program);
addImport(program);

try {
  await program.parseAsync();
} catch (error) {
  end(error);
}

/** Says what went wrong, and ends the process with the code that says how. */
function end(error: unknown): void {
  if (error instanceof CommanderError) {
    // commander has printed what it says; help and version end well.
    process.exitCode = error.exitCode === 0 ? 0 : USAGE_EXIT_CODE;
  } else if (error instanceof FaultsError) {
    process.stderr.write(`${error.message}\n`);
    process.exitCode = USAGE_EXIT_CODE;
  } else if (error instanceof NofileError) {
    const line = `mcp-fleet: ${error.message}`;
    process.stderr.write(`${line}\n`);
    writeTerminationMessage(line, process.env);
    process.exitCode = NOFILE_EXIT_CODE;
  } else {
    // What the system refused, such as a port in use, explains itself; the rest is a defect of ours.
    const isSystem = error instanceof Error && "syscall" in error;
    const text = isSystem || !(error instanceof Error) ? String(error) : error.stack;
    process.stderr.write(`mcp-fleet: ${text}\n`);
    process.exitCode = 1;
  }
}
