import type { Role } from "@mcp-fleet/contract/settings";
import type { Command } from "commander";
import { type Flags, readStart } from "../server/configuration.ts";
import { readSecrets } from "../server/secrets.ts";
import { configOption } from "./config-option.ts";

/** What every role that runs is told on its command line. */
export interface ServeOptions {
  readonly config?: string;
  readonly host?: string;
  readonly port?: string;
  readonly adminPort?: string;
  readonly logLevel?: string;
}

/** `mcp-fleet gateway` and `mcp-fleet proxy`: run until a signal ends them. */
export function addServe(program: Command): void {
  addRole(program, "gateway", "serve the backends of a configuration as one MCP endpoint");
  addRole(program, "proxy", "serve the one backend of a configuration, each session on its pod");
}

function addRole(program: Command, role: Role, description: string): void {
  withServeOptions(program.command(role).description(description)).action((options: ServeOptions) =>
    serve(role, options),
  );
}

/** Adds the options of every role that runs. */
export function withServeOptions(command: Command): Command {
  return command
    .addOption(configOption())
    .option("--host <address>", "the address that both listeners bind")
    .option("--port <number>", "the port of MCP; 0 is any free one")
    .option("--admin-port <number>", "the port of health, metrics and status; 0 is any free one")
    .option("--log-level <level>", "debug, info, warn, error or silent");
}

/**
 * Runs a role until a signal ends it.
 *
 * @param environment where its variables are read.
 * @throws {ConfigError} with every fault of the configuration.
 */
export async function serve(
  role: Role,
  options: ServeOptions,
  environment: Readonly<Record<string, string | undefined>> = process.env,
): Promise<void> {
  const { config, host, port, adminPort, logLevel } = options;
  const flags: Flags = {
    ...(host !== undefined && { "--host": host }),
    ...(port !== undefined && { "--port": port }),
    ...(adminPort !== undefined && { "--admin-port": adminPort }),
    ...(logLevel !== undefined && { "--log-level": logLevel }),
  };
  const sources = { role, file: config, environment, flags };
  const { settings, source } = readStart(sources);
  const { run } = await import("../server/run.ts");
  await run(settings, readSecrets(process.env), source);
}
