import { Client, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";

import { buildLog, compose, type ServerAddresses, validate } from "../runtime/index.ts";
import { readFigures } from "../testkit/clients/figures.ts";
import { Fleet } from "../testkit/processes/fleet.ts";
import { firstFreePort } from "../testkit/processes/free-ports.ts";
import { type McpServers, startMcpServers } from "../testkit/servers/mcp-servers.ts";
import { connecting } from "./connecting.ts";
import { runFleet } from "./fleet-run.ts";
import { callAll, sampleCalls } from "./sample-calls.ts";
import { table } from "./table.ts";

export interface DemoOptions {
  /** Gateway processes. 1: in this process, on the embedded store; more: a fleet, over Redis. */
  readonly replicas: number;
  /** Of the MCP endpoint, and of health, metrics and status. The next free ones where these are taken; 0: any. */
  readonly port: number;
  readonly adminPort: number;
  /** Ends the demo wherever it is. */
  readonly signal: AbortSignal;
  readonly print: (text: string) => void;
  /** Holds everything up after the run until it resolves. */
  readonly stay: () => Promise<void>;
}

const CLIENT_INFO = { name: "mcp-fleet-demo", version: "1" };

/** Wide enough for a tool's name; the whole table fits 120 columns. */
const WIDEST_CELL = 36;

/** What calls of other clients get to finish once Ctrl-C is pressed. */
const DRAIN_MS = 2000;

/**
 * Three servers, a gateway or a fleet of them before them and a client that calls each.
 *
 * @throws whatever did not work.
 */
export async function runDemo(options: DemoOptions): Promise<void> {
  const { print, signal } = options;
  print("starting three published MCP servers");
  const servers = await startMcpServers({ log: (line) => print(`  ${line}`), signal });
  try {
    if (options.replicas === 1) await withGateway(servers, options);
    else await withFleet(servers, options);
  } finally {
    await servers.close();
  }
}

async function withFleet(servers: McpServers, options: DemoOptions): Promise<void> {
  const { print, signal, stay, replicas } = options;
  const port = await freePort("port", options.port, print);
  print(`starting Redis and ${replicas} gateway processes`);
  const fleet = await Fleet.start({
    configuration: { name: "demo", backends: backendsOf(servers) },
    replicas,
    port,
  });
  const client = new Client(CLIENT_INFO);
  try {
    for (const [index, { url, adminUrl }] of fleet.processes.entries()) {
      print(`  gateway ${index + 1} answers at ${url}, its figures are at ${adminUrl}`);
    }
    print(`the fleet answers at ${fleet.front.url}: each request goes to the next process`);
    await runFleet({ fleet, client, calls: sampleCalls(servers), signal, print });
    print(`\n${connecting(fleet.front.url)}`);
    await stay();
  } finally {
    await client.close();
    await fleet.close();
  }
}

function backendsOf({ everything, filesystem, memory }: McpServers) {
  return [
    // It asks its clients for their roots outside any call, which a stream per session carries.
    { name: "everything", url: everything, notifications: "session" as const },
    { name: "filesystem", url: filesystem },
    { name: "memory", url: memory },
  ];
}

async function withGateway(servers: McpServers, options: DemoOptions): Promise<void> {
  const { print, signal, stay } = options;
  const port = await freePort("port", options.port, print);
  const adminPort = await freePort("admin port", options.adminPort, print);
  const settings = validate({
    name: "demo",
    port,
    adminPort,
    backends: backendsOf(servers),
    operational: { logLevel: "warn" },
  });
  const gateway = await compose({ settings, log: buildLog(settings.logLevel, "gateway") });
  try {
    const addresses = await gateway.listen();
    print(`the gateway answers at ${addresses.url}, its figures are at ${addresses.adminUrl}`);
    await callEach(servers, addresses, signal, print);
    print(`\n${connecting(addresses.url)}`);
    await stay();
  } finally {
    const cut = setTimeout(() => void gateway.destroy(new Error("the demo ended")), DRAIN_MS);
    await gateway.close();
    clearTimeout(cut);
  }
}

async function callEach(
  servers: McpServers,
  { url, adminUrl }: ServerAddresses,
  signal: AbortSignal,
  print: DemoOptions["print"],
): Promise<void> {
  const client = new Client(CLIENT_INFO);
  const transport = new StreamableHTTPClientTransport(new URL(url));
  await client.connect(transport, { signal });
  try {
    const { tools } = await client.listTools({}, { signal });
    const calls = sampleCalls(servers);
    print(
      `the official SDK client sees ${tools.length} tools in one list and calls one of each server\n`,
    );

    const first = await callAll(client, calls, signal);
    const opened = await readFigures(adminUrl);
    const second = await callAll(client, calls, signal);
    const figures = await readFigures(adminUrl);

    const rows = calls.map(({ server, tool }, index) => [
      server,
      String(tools.filter(({ name }) => name.startsWith(`${server}_`)).length),
      tool,
      first[index]?.answer ?? "",
      first[index]?.milliseconds.toFixed(0) ?? "",
      second[index]?.milliseconds.toFixed(0) ?? "",
    ]);
    print(table([["server", "tools", "call", "answer", "ms", "again, ms"], ...rows], WIDEST_CELL));
    print(`
The first calls opened ${opened.backendSessions} backend sessions. The same ${calls.length} calls again cost \
${figures.backendCalls - opened.backendCalls} requests to backends and opened \
${figures.backendSessions - opened.backendSessions} new sessions there (${adminUrl}/metrics).`);
    await transport.terminateSession();
  } finally {
    await client.close();
  }
}

async function freePort(
  what: string,
  wanted: number,
  print: DemoOptions["print"],
): Promise<number> {
  const port = await firstFreePort(wanted);
  if (port !== wanted) print(`${what} ${wanted} is taken: using ${port}`);
  return port;
}
