import { mkdtemp, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import type { ConfigurationStatus } from "../../runtime/admin/configuration-status.ts";
import { compose } from "../../runtime/server/compose.ts";
import { readStart } from "../../runtime/server/configuration.ts";
import { KeyRing } from "../../runtime/sessions/key-ring.ts";
import { MemoryStore } from "../../runtime/store/memory/memory-store.ts";
import type { RoleOptions, RunningRole } from "./gateway.ts";
import { log as testLog } from "./test-log.ts";

/** A gateway in this process that follows a file. */
export interface LiveGateway extends RunningRole {
  configuration(): Promise<ConfigurationStatus>;
}

/** A folder of this test, gone with it. */
export async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "mcp-fleet-live-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** Writes a file at once, as a deployer does: JSON is YAML. */
export async function place(file: string, content: object | string): Promise<void> {
  const text = typeof content === "string" ? content : JSON.stringify(content);
  await writeFile(`${file}~`, text);
  await rename(`${file}~`, file);
}

/** A gateway with the configuration of this file, until the test is over. Default: a store of memory of its own. */
export async function startLive(file: string, options: RoleOptions = {}): Promise<LiveGateway> {
  const flags = { "--port": "0", "--admin-port": "0" };
  const { settings, source } = readStart({ role: "gateway", file, environment: {}, flags });
  const own = { store: new MemoryStore(), ring: KeyRing.generate() };
  const server = await compose({ settings, source, log: testLog, ...own, ...options });
  const addresses = await server.listen();
  const close = () => server.destroy(new Error("the test is over"));
  onTestFinished(close);
  const configuration = async () => {
    const status = await server.status();
    if (status.configuration === undefined) throw new Error("it follows no configuration");
    return status.configuration;
  };
  return { ...addresses, server, close, configuration };
}
