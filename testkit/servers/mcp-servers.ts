import { mkdtemp, realpath, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { freePorts } from "../processes/free-ports.ts";
import { ServerProcess } from "../processes/server-process.ts";

/** Three published MCP servers that run on this machine; by name, the URL of each. */
export interface McpServers {
  readonly everything: string;
  readonly filesystem: string;
  readonly memory: string;
  /** What the filesystem server may read and write; it holds hello.txt. Removed by `close`. */
  readonly folder: string;
  close(): Promise<void>;
}

export interface McpServersOptions {
  /** Hears of each server that is ready. Default: nobody. */
  readonly log?: (line: string) => void;
  /** Gives the start up: what has started is stopped, and the start fails. */
  readonly signal?: AbortSignal;
}

const PACKAGES = join(import.meta.dirname, "../../node_modules");
const EVERYTHING = join(PACKAGES, "@modelcontextprotocol/server-everything/dist/index.js");
const FILESYSTEM = join(PACKAGES, "@modelcontextprotocol/server-filesystem/dist/index.js");
const MEMORY = join(PACKAGES, "@modelcontextprotocol/server-memory/dist/index.js");
const MCP_FLEET = join(import.meta.dirname, "../../runtime/cli/main.ts");

/**
 * Starts the installed servers, each as a process of its own on a free port; resolves when all answer.
 *
 * @throws a server that does not start, with its output. Nothing is left running then.
 */
export async function startMcpServers(options: McpServersOptions = {}): Promise<McpServers> {
  const { log, signal } = options;
  // The real path: the filesystem server compares what it is asked for with what it resolves to.
  const folder = await realpath(await mkdtemp(join(tmpdir(), "mcp-fleet-demo-")));
  await writeFile(join(folder, "hello.txt"), "Hello from a file.\n");

  const [everythingPort = 0, filesystemPort = 0, memoryPort = 0] = await freePorts(3);
  const everything = urlAt(everythingPort);
  const filesystem = urlAt(filesystemPort);
  const memory = urlAt(memoryPort);
  const commands = [
    {
      name: "everything",
      args: [EVERYTHING, "streamableHttp"],
      environment: { PORT: String(everythingPort) },
      url: everything,
    },
    {
      name: "filesystem",
      args: overHttp(filesystemPort, folder, FILESYSTEM, folder),
      url: filesystem,
    },
    { name: "memory", args: overHttp(memoryPort, folder, MEMORY), url: memory },
  ];

  const processes = commands.map((command) => new ServerProcess(command));
  const close = async () => {
    await Promise.all(processes.map((one) => one.close()));
    await rm(folder, { recursive: true, force: true });
  };
  try {
    await Promise.all(
      commands.map(async ({ name, url }, index) => {
        await processes[index]?.ready(signal);
        log?.(`${name} answers at ${url}`);
      }),
    );
  } catch (error) {
    await close();
    throw error;
  }
  return { everything, filesystem, memory, folder, close };
}

/** The two servers that speak stdio only, behind our own bridge. What they write is in a folder that is removed afterwards. */
function overHttp(port: number, folder: string, server: string, ...args: string[]): string[] {
  const ports = ["--port", String(port), "--admin-port", "0"];
  const where = ["--cwd", folder, "--env", `MEMORY_FILE_PATH=${join(folder, "memory.jsonl")}`];
  return [MCP_FLEET, "stdio", ...ports, ...where, "--", process.execPath, server, ...args];
}

function urlAt(port: number): string {
  return `http://127.0.0.1:${port}/mcp`;
}
