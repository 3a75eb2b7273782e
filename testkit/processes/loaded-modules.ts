import { execFile } from "node:child_process";
import { registerHooks } from "node:module";
import { promisify } from "node:util";
import type { Configuration } from "@mcp-fleet/contract/settings";

/** What a process has loaded once it listens. */
export interface LoadedModules {
  /** The npm packages. */
  readonly packages: readonly string[];
  /** The files of the runtime, from its folder on. */
  readonly files: readonly string[];
}

/** Starts a gateway with this configuration in a process of its own, and answers what that has loaded. */
export async function loadedModules(configuration: Configuration): Promise<LoadedModules> {
  const args = [import.meta.filename, JSON.stringify(configuration)];
  const { stdout } = await promisify(execFile)(process.execPath, args);
  return JSON.parse(stdout);
}

async function main(configuration: Configuration): Promise<void> {
  const urls = new Set<string>();
  registerHooks({
    load: (url, context, nextLoad) => {
      urls.add(url);
      return nextLoad(url, context);
    },
  });
  const { validate } = await import("@mcp-fleet/contract/settings");
  const { compose } = await import("../../runtime/server/compose.ts");
  const { log } = await import("./test-log.ts");
  const settings = validate({ port: 0, adminPort: 0, ...configuration });
  const server = await compose({ settings, log });
  await server.listen();
  const matches = (pattern: RegExp) =>
    [...new Set([...urls].flatMap((url) => pattern.exec(url)?.[1] ?? []))].toSorted();
  const loaded: LoadedModules = {
    packages: matches(/\/node_modules\/((?:@[^/]+\/)?[^/]+)\/(?!.*\/node_modules\/)/),
    files: matches(/\/runtime\/(.*\.ts)$/),
  };
  process.stdout.write(JSON.stringify(loaded), () => process.exit());
}

if (import.meta.main) await main(JSON.parse(process.argv[2] ?? ""));
