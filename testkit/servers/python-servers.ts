import { join } from "node:path";
import { hasPython, pythonProgram } from "../odd-servers/python-client.ts";
import { type PortedCommand, startServers } from "./server-group.ts";

const FAST_MCP = join(import.meta.dirname, "fast_mcp_server.py");
const MCP_PROXY = join(import.meta.dirname, "../../node_modules/mcp-proxy/dist/bin/mcp-proxy.mjs");

/** Bounds a hang on a machine that is busy with something else: a start takes a few seconds. */
const START_SECONDS = 150;

interface PythonServer {
  readonly environment: string;
  readonly command: PortedCommand;
}

const fastMcp = (environment: string, ...more: readonly string[]): PythonServer => ({
  environment,
  command: (port) => ({
    program: pythonProgram(environment),
    args: [FAST_MCP, String(port), ...more],
  }),
});

/** A server that speaks stdio only, behind the bridge `mcp-proxy`. */
const bridged = (program: string): PythonServer => ({
  environment: "servers",
  command: (port) => {
    const listen = ["--host", "127.0.0.1", "--port", String(port), "--server", "stream"];
    return { args: [MCP_PROXY, ...listen, "--", pythonProgram("servers", program)] };
  },
});

/** Published servers, and small ones on published frameworks, by the name of their backend. */
const SERVERS: Readonly<Record<string, PythonServer>> = {
  fast4: fastMcp("servers"),
  fast4_stateless: fastMcp("servers", "stateless"),
  fast2: fastMcp("fastmcp-2"),
  sdk1: fastMcp("mcp-1.30.0"),
  sdk1_stateless: fastMcp("mcp-1.30.0", "stateless"),
  time: bridged("mcp-server-time"),
  git: bridged("mcp-server-git"),
};

export const PYTHON_SERVERS = Object.keys(SERVERS);

/** Whether `make test` could install them all. */
export const hasPythonServers = Object.values(SERVERS).every(({ environment }) =>
  hasPython(environment),
);

/** All of them on free ports; resolves when all answer. */
export function startPythonServers() {
  const commands = Object.entries(SERVERS).map(([name, { command }]): [string, PortedCommand] => [
    name,
    (port) => ({ startSeconds: START_SECONDS, ...command(port) }),
  ]);
  return startServers(Object.fromEntries(commands));
}
