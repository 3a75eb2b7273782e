import { load } from "@mcp-fleet/contract/capacity";
import { jsonSchema } from "@mcp-fleet/contract/settings";
import type { Command } from "commander";

/** `mcp-fleet schema`: what editors check a configuration by. */
export function addSchema(program: Command): void {
  program
    .command("schema")
    .description("print the JSON Schema of the configuration, for editors")
    .action(() => {
      process.stdout.write(`${JSON.stringify(jsonSchema(load), undefined, 2)}\n`);
    });
}
