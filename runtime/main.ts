#!/usr/bin/env node
import { Command, CommanderError, Option } from "commander";
import { type Flags, readSettings } from "./configuration.ts";
import { CapacityError } from "./contract/capacity-error.ts";
import { jsonSchema } from "./contract/configuration.ts";
import { ConfigError } from "./contract/faults.ts";
import type { Settings } from "./contract/settings.ts";
import { NOFILE_EXIT_CODE, NofileError, writeTerminationMessage } from "./nofile.ts";
import { addPlan } from "./plan-command.ts";
import { readSecrets } from "./secrets.ts";
import { VERSION } from "./version.ts";

/** The command line or the configuration is wrong: nothing has started. */
const USAGE_EXIT_CODE = 2;

interface Options {
  config?: string;
  host?: string;
  port?: string;
  adminPort?: string;
  logLevel?: string;
}

function settingsFor({ config, host, port, adminPort, logLevel }: Options): Settings {
  const flags: Flags = {
    ...(host !== undefined && { "--host": host }),
    ...(port !== undefined && { "--port": port }),
    ...(adminPort !== undefined && { "--admin-port": adminPort }),
    ...(logLevel !== undefined && { "--log-level": logLevel }),
  };
  return readSettings({ file: config, environment: process.env, flags });
}

async function gateway(options: Options): Promise<void> {
  const settings = settingsFor(options);
  const { runGateway } = await import("./gateway/run.ts");
  await runGateway(settings, readSecrets(process.env));
}

function validate(options: Options): void {
  const { backends, session, host, port, name } = settingsFor(options);
  const names = backends.map((backend) => backend.name).join(", ");
  const many = backends.length === 1 ? "1 backend" : `${backends.length} backends`;
  process.stdout.write(
    `valid: ${name} on ${host}:${port}, ${many} (${names}), at most ${session.maxSessions} sessions\n`,
  );
}

function schema(): void {
  process.stdout.write(`${JSON.stringify(jsonSchema(), undefined, 2)}\n`);
}

const config = () =>
  new Option("--config <file>", "the configuration, YAML; absent: MCP_FLEET_* variables say all");

const program = new Command("mcp-fleet")
  .description("One MCP endpoint over many MCP servers.")
  .version(VERSION)
  .exitOverride()
  .showSuggestionAfterError()
  .addHelpText("after", "\nFlags override MCP_FLEET_* variables, which override the file.");

program
  .command("gateway")
  .description("serve the backends of a configuration as one MCP endpoint")
  .addOption(config())
  .option("--host <address>", "the address that both listeners bind")
  .option("--port <number>", "the port of MCP; 0 is any free one")
  .option("--admin-port <number>", "the port of health, metrics and status; 0 is any free one")
  .option("--log-level <level>", "debug, info, warn, error or silent")
  .action(gateway);

program
  .command("validate")
  .description("say everything that is wrong with a configuration, without starting anything")
  .addOption(config())
  .action(validate);

program
  .command("schema")
  .description("print the JSON Schema of the configuration, for editors")
  .action(schema);

addPlan(program);

try {
  await program.parseAsync();
} catch (error) {
  if (error instanceof CommanderError) {
    // commander has printed what it says; help and version end well.
    process.exitCode = error.exitCode === 0 ? 0 : USAGE_EXIT_CODE;
  } else if (error instanceof ConfigError || error instanceof CapacityError) {
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
