import { existsSync } from "node:fs";
import { join } from "node:path";
import { freePorts } from "../processes/free-ports.ts";
import { ServerProcess } from "../processes/server-process.ts";

const ROOT = join(import.meta.dirname, "../..");
const PACKAGES = join(ROOT, "node_modules");
const GO = join(ROOT, ".tools/go");
const SUPERGATEWAY = join(PACKAGES, "supergateway/dist/index.js");
const EVERYTHING = join(PACKAGES, "@modelcontextprotocol/server-everything/dist/index.js");

/** Whether `make test` could build them. */
const hasGoServers = existsSync(join(GO, "ready"));

interface Command {
  readonly program?: string;
  readonly args: readonly string[];
}

const inGo = (name: string) => (port: number) => ({
  program: join(GO, name),
  args: [String(port)],
});

/** A server that speaks stdio only, behind the bridge `supergateway`, with a process for each session. */
const behindSupergateway = (port: number) => {
  const stdio = `"${process.execPath}" "${EVERYTHING}"`;
  const out = ["--outputTransport", "streamableHttp", "--stateful", "--logLevel", "none"];
  return { args: [SUPERGATEWAY, "--stdio", stdio, ...out, "--port", String(port)] };
};

/** Servers that this machine has, by the name of their backend: each has a tool `echo`. */
const SERVERS: Readonly<Record<string, (port: number) => Command>> = {
  supergateway: behindSupergateway,
  ...(hasGoServers && { go_sdk: inGo("go-sdk"), mcp_go: inGo("mcp-go") }),
};

export const FRAMEWORK_SERVERS = Object.keys(SERVERS);

/** All of them on free ports; resolves when all answer. */
export async function startFrameworkServers() {
  const ports = await freePorts(FRAMEWORK_SERVERS.length);
  const backends = FRAMEWORK_SERVERS.map((name, index) => ({
    name,
    url: `http://127.0.0.1:${ports[index]}/mcp`,
  }));
  const processes = Object.values(SERVERS).map((command, index) => {
    const { name = "", url = "" } = backends[index] ?? {};
    return new ServerProcess({ name, url, ...command(ports[index] ?? 0) });
  });
  const close = () => Promise.all(processes.map((one) => one.close()));
  try {
    await Promise.all(processes.map((one) => one.ready()));
  } catch (error) {
    await close();
    throw error;
  }
  return { backends, close };
}
