import { existsSync } from "node:fs";
import { join } from "node:path";
import { type PortedCommand, startServers } from "./server-group.ts";

const ROOT = join(import.meta.dirname, "../..");
const PACKAGES = join(ROOT, "node_modules");
const GO = join(ROOT, ".tools/go");
const SUPERGATEWAY = join(PACKAGES, "supergateway/dist/index.js");
const EVERYTHING = join(PACKAGES, "@modelcontextprotocol/server-everything/dist/index.js");

/** Whether `make test` could build them. */
const hasGoServers = existsSync(join(GO, "ready"));

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
const SERVERS: Readonly<Record<string, PortedCommand>> = {
  supergateway: behindSupergateway,
  ...(hasGoServers && { go_sdk: inGo("go-sdk"), mcp_go: inGo("mcp-go") }),
};

export const FRAMEWORK_SERVERS = Object.keys(SERVERS);

/** All of them on free ports; resolves when all answer. */
export function startFrameworkServers() {
  return startServers(SERVERS);
}
