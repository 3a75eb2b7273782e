import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort } from "../processes/free-ports.ts";
import { ServerProcess } from "../processes/server-process.ts";

/** What is compared with. */
export const VMCP_VERSION = "v0.47.0";

const FOLDER = process.env.TOOLHIVE_FOLDER || join(import.meta.dirname, "../../.tools/toolhive");

/** Whether `make .tools/toolhive/ready` could build it. */
export const hasVmcp = existsSync(join(FOLDER, "ready"));

/** ToolHive's gateway, as a process. */
export interface Vmcp {
  /** The MCP endpoint. */
  readonly url: string;
  stop(): Promise<void>;
}

/**
 * Resolves when it answers an initialize. `configuration` is what its file says: JSON is YAML.
 *
 * @throws it ended, with its output.
 */
export async function startVmcp(configuration: object): Promise<Vmcp> {
  const folder = mkdtempSync(join(tmpdir(), "vmcp-"));
  const file = join(folder, "vmcp.yaml");
  writeFileSync(file, JSON.stringify(configuration));
  const port = await freePort();
  const url = `http://127.0.0.1:${port}/mcp`;
  const server = new ServerProcess({
    name: "vmcp",
    program: join(FOLDER, "vmcp"),
    args: ["serve", "--config", file, "--host", "127.0.0.1", "--port", String(port)],
    // What it writes of its own goes into the folder.
    environment: { HOME: folder, XDG_STATE_HOME: folder, XDG_CONFIG_HOME: folder },
    url,
  });
  const stop = async () => {
    await server.close();
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    await server.ready();
  } catch (error) {
    await stop();
    throw error;
  }
  return { url, stop };
}
