#!/usr/bin/env node
import { FaultsError } from "@mcp-fleet/contract";
import { load } from "@mcp-fleet/contract/capacity";
import { jsonSchema, type Role, type Settings } from "@mcp-fleet/contract/settings";
import { Command, CommanderError, Option } from "commander";
import { VERSION } from "../platform/version.ts";
import { type Flags, readSettings } from "../server/configuration.ts";
import { NOFILE_EXIT_CODE, NofileError, writeTerminationMessage } from "../server/nofile.ts";
import { readSecrets } from "../server/secrets.ts";
import { addPlan } from "./plan.ts";

/** The command line or the configuration is wrong: nothing has started. */
const USAGE_EXIT_CODE = 2;

interface Options {
  config?: string;
  host?: string;
  port?: string;
  adminPort?: string;
  logLevel?: string;
}

function settingsFor(role: Role, options: Options): Settings {
  const { config, host, port, adminPort, logLevel } = options;
  const flags: Flags = {
    ...(host !== undefined && { "--host": host }),
    ...(port !== undefined && { "--port": port }),
    ...(adminPort !== undefined && { "--admin-port": adminPort }),
    ...(logLevel !== undefined && { "--log-level": logLevel }),
  };
  return readSettings({ role, file: config, environment: process.env, flags });
}

async function serve(role: Role, options: Options): Promise<void> {
  const settings = settingsFor(role, options);
  const { run } = await import("../server/run.ts");
  await run(settings, readSecrets(process.env));
}

function validate(options: Options & { role: Role }): void {
  const { backends, session, host, port, name, role } = settingsFor(options.role, options);
  const names = backends.map((backend) => backend.name).join(", ");
  const many = backends.length === 1 ? "1 backend" : `${backends.length} backends`;
  process.stdout.write(
    `valid: ${role} ${name} on ${host}:${port}, ${many} (${names}), at most ${session.maxSessions} sessions\n`,
  );
}

function schema(): void {
  process.stdout.write(`${JSON.stringify(jsonSchema(load), undefined, 2)}\n`);
}

const config = () =>
  new Option("--config <file>", "the configuration, YAML; absent: MCP_FLEET_* variables say all");

const program = new Command("mcp-fleet")
  .description(
    "MCP gateways and proxies for a fleet: one endpoint, any number of processes, sessions shared by all of them.",
  )
  .version(VERSION)
  .exitOverride()
  .showSuggestionAfterError()
  .addHelpText("after", "\nFlags override MCP_FLEET_* variables, which override the file.");

addServer("gateway", "serve the backends of a configuration as one MCP endpoint");
addServer("proxy", "serve the one backend of a configuration, each session on its pod");

program
  .command("validate")
  .description("check a configuration and list every fault, without starting anything")
  .addOption(config())
  .addOption(
    new Option("--role <role>", "what the configuration is for")
      .choices(["gateway", "proxy"])
      .default("gateway"),
  )
  .action(validate);

program
  .command("schema")
  .description("print the JSON Schema of the configuration, for editors")
  .action(schema);

addPlan(program);

function addServer(role: Role, description: string): void {
  program
    .command(role)
    .description(description)
    .addOption(config())
    .option("--host <address>", "the address that both listeners bind")
    .option("--port <number>", "the port of MCP; 0 is any free one")
    .option("--admin-port <number>", "the port of health, metrics and status; 0 is any free one")
    .option("--log-level <level>", "debug, info, warn, error or silent")
    .action((options: Options) => serve(role, options));
}

try {
  await program.parseAsync();
} catch (error) {
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
