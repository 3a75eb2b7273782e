import { beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { connectMcpRemote, connectV1, connectV2 } from "../testkit/clients/sdk-clients.ts";
import { patienceFor } from "../testkit/odd-servers/probe.ts";
import { probeWithPython } from "../testkit/odd-servers/python-client.ts";
import { type RunningRole, startGateway } from "../testkit/processes/gateway.ts";
import {
  hasPythonServers,
  PYTHON_SERVERS,
  startPythonServers,
} from "../testkit/servers/python-servers.ts";
import { eventually } from "../testkit/vitest/eventually.ts";

const ECHOING = PYTHON_SERVERS.filter((name) => name !== "time" && name !== "git");

describe.skipIf(!hasPythonServers)("7 servers in Python behind one gateway", () => {
  let gateway: RunningRole;

  beforeAll(async () => {
    const { backends, close } = await startPythonServers();
    gateway = await startGateway({ name: "real", backends });
    await eventually(async () => {
      const status = await fetch(`${gateway.adminUrl}/status`);
      const states = JSON.parse(await status.text()).backends as { state: string }[];
      expect(states.map(({ state }) => state)).toEqual(backends.map(() => "up"));
    });
    return async () => {
      await gateway.close();
      await close();
    };
  }, 600_000);

  const clients = [
    ["the TypeScript SDK 1.x", connectV1],
    ["the TypeScript SDK 2.x", (url: string) => connectV2(url, "auto")],
    ["mcp-remote", connectMcpRemote],
  ] as const;

  it.each(clients)("answer %s: 5 echo, 1 tells the time, 1 lists its tools", async (_, connect) => {
    const { client, call, end } = await connect(gateway.url);
    onTestFinished(end);

    for (const name of ECHOING) expect(await call(`${name}_echo`, { text: name })).toBe(name);
    expect(await call("time_get_current_time", { timezone: "Europe/Amsterdam" })).toContain(
      "Amsterdam",
    );
    const { tools } = await client.listTools();
    expect(tools.map(({ name }) => name)).toContain("git_git_status");
  });

  const inPython = [
    ["the Python SDK 1.30", "mcp-1.30.0", "sdk"],
    ["the Python SDK 2.3", "mcp-2.3.0", "sdk"],
    ["FastMCP 2", "fastmcp-2", "fastmcp"],
    ["FastMCP 4", "servers", "fastmcp"],
  ] as const;

  it.each(inPython)("answer %s: 5 echo", async (_, environment, client) => {
    const patience = patienceFor("works");
    const targets = ECHOING.map((row) => {
      const prefix = `${row}_`;
      return { row, url: gateway.url, prefix, tools: ["echo"], toolCount: 1, patience };
    });

    const found = await probeWithPython(environment, targets, client);

    expect(Object.fromEntries(found)).toEqual(
      Object.fromEntries(ECHOING.map((row) => [row, { outcome: "works", reason: "" }])),
    );
  });
});
