import type { Role } from "@mcp-fleet/contract/settings";
import type { Command } from "commander";
import { type Flags, readStart } from "../server/configuration.ts";
import { readSecrets } from "../server/secrets.ts";
import { configOption } from "./config-option.ts";

interface Options {
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
  program
    .command(role)
    .description(description)
    .addOption(configOption())
    .option("--host <address>", "the address that both listeners bind")
    .option("--port <number>", "the port of MCP; 0 is any free one")
    .option("--admin-port <number>", "the port of health, metrics and status; 0 is any free one")
    .option("--log-level <level>", "debug, info, warn, error or silent")
    .action((options: Options) => serve(role, options));
}

async function serve(role: Role, options: Options): Promise<void> {
  const { config, host, port, adminPort, logLevel } = options;
  const flags: Flags = {
    ...(host !== undefined && { "--host": host }),
    ...(port !== undefined && { "--port": port }),
    ...(adminPort !== undefined && { "--admin-port": adminPort }),
    ...(logLevel !== undefined && { "--log-level": logLevel }),
  };
  const sources = { role, file: config, environment: process.env, flags };
  const { settings, source } = readStart(sources);
  const { run } = await import("../server/run.ts");
  await run(settings, readSecrets(process.env), source);
}
