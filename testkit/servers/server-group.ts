import { freePorts } from "../processes/free-ports.ts";
import { type ServerCommand, ServerProcess } from "../processes/server-process.ts";

/** How a server is started at a port. */
export type PortedCommand = (port: number) => Omit<ServerCommand, "name" | "url">;

/** Servers by the names of their backends, all of them on free ports; resolves when all answer. */
export async function startServers(commands: Readonly<Record<string, PortedCommand>>) {
  const names = Object.keys(commands);
  const ports = await freePorts(names.length);
  const backends = names.map((name, index) => ({
    name,
    url: `http://127.0.0.1:${ports[index]}/mcp`,
  }));
  const processes = Object.values(commands).map((command, index) => {
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
