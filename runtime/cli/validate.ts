import type { Role } from "@mcp-fleet/contract/settings";
import { type Command, Option } from "commander";
import { readSettings } from "../server/configuration.ts";
import { configOption } from "./config-option.ts";

interface Options {
  readonly config?: string;
  readonly role: Role;
}

/** `mcp-fleet validate`: every fault of a configuration at once. */
export function addValidate(program: Command): void {
  program
    .command("validate")
    .description("check a configuration and list every fault, without starting anything")
    .addOption(configOption())
    .addOption(
      new Option("--role <role>", "what the configuration is for")
        .choices(["gateway", "proxy"])
        .default("gateway"),
    )
    .action(validate);
}

async function validate({ config, role }: Options): Promise<void> {
  const settings = readSettings({ role, file: config, environment: process.env, flags: {} });
  if (settings.authorization !== undefined) {
    const { checkPolicies } = await import("../authz/explained.ts");
    checkPolicies(settings.authorization);
  }
  const { backends, session, host, port, name } = settings;
  const names = backends.map((backend) => backend.name).join(", ");
  const many = backends.length === 1 ? "1 backend" : `${backends.length} backends`;
  process.stdout.write(
    `valid: ${role} ${name} on ${host}:${port}, ${many} (${names}), at most ${session.maxSessions} sessions\n`,
  );
}
