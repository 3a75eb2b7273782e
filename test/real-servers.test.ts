import { beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { connectMcpRemote, connectV1, connectV2 } from "../testkit/clients/sdk-clients.ts";
import { patienceFor } from "../testkit/odd-servers/probe.ts";
import { probeWithPython } from "../testkit/odd-servers/python-client.ts";
import { type RunningRole, startGateway } from "../testkit/processes/gateway.ts";
import { FRAMEWORK_SERVERS, startFrameworkServers } from "../testkit/servers/framework-servers.ts";
import {
  hasPythonServers,
  PYTHON_SERVERS,
  startPythonServers,
} from "../testkit/servers/python-servers.ts";
import { eventually } from "../testkit/vitest/eventually.ts";

/** A gateway before these servers, once all of them are up. */
async function startBefore(backends: readonly { readonly name: string; readonly url: string }[]) {
  const gateway = await startGateway({ name: "real", backends: [...backends] });
  await eventually(async () => {
    const status = await fetch(`${gateway.adminUrl}/status`);
    const states = JSON.parse(await status.text()).backends as { state: string }[];
    expect(states.map(({ state }) => state)).toEqual(backends.map(() => "up"));
  });
  return gateway;
}

const CLIENTS = [
  ["the TypeScript SDK 1.x", connectV1],
  ["the TypeScript SDK 2.x", (url: string) => connectV2(url, "auto")],
  ["mcp-remote", connectMcpRemote],
] as const;

const ECHOING = PYTHON_SERVERS.filter((name) => name !== "time" && name !== "git");

describe.skipIf(!hasPythonServers)("7 servers in Python behind one gateway", () => {
  let gateway: RunningRole;

  beforeAll(async () => {
    const { backends, close } = await startPythonServers();
    gateway = await startBefore(backends);
    return async () => {
      await gateway.close();
      await close();
    };
  }, 600_000);

  it.each(CLIENTS)("answer %s: 5 echo, 1 tells the time, 1 lists its tools", async (_, connect) => {
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

describe("a stdio server behind supergateway, and servers of two frameworks in Go", () => {
  let gateway: RunningRole;

  beforeAll(async () => {
    const { backends, close } = await startFrameworkServers();
    gateway = await startBefore(backends);
    return async () => {
      await gateway.close();
      await close();
    };
  }, 600_000);

  /** How many sessions the gateway has opened at a backend, and lost there. */
  const sessionsAt = async (backend: string) => {
    const text = await (await fetch(`${gateway.adminUrl}/metrics`)).text();
    const counted = (name: string) =>
      Number(
        new RegExp(`^mcp_fleet_${name}\\{[^}]*backend="${backend}"[^}]*\\} (\\d+)$`, "m").exec(
          text,
        )?.[1] ?? 0,
      );
    return [counted("upstream_sessions_opened_total"), counted("upstream_sessions_lost_total")];
  };

  describe.each(["supergateway", "go_sdk", "mcp_go"])("%s", (name) => {
    it.skipIf(!FRAMEWORK_SERVERS.includes(name)).each(CLIENTS)(
      "lists its tools to %s and answers 3 calls, all in 1 session at the server",
      async (_, connect) => {
        const before = await sessionsAt(name);
        const { client, call, end } = await connect(gateway.url);
        onTestFinished(end);
        const { tools } = await client.listTools();
        expect(tools.map((tool) => tool.name)).toContain(`${name}_echo`);
        const given = name === "supergateway" ? "message" : "text";
        for (const text of ["one", "two", "three"]) {
          expect(await call(`${name}_echo`, { [given]: text })).toContain(text);
        }
        const [opened = 0, lost = 0] = before;
        expect(await sessionsAt(name)).toEqual([opened + 1, lost]);
      },
    );
  });
});
