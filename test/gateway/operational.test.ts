import { describe, expect, it } from "vitest";
import { RawClient } from "../../testkit/clients/raw-client.ts";
import { startRoles } from "../../testkit/processes/gateway.ts";
import {
  callOf,
  configurationFor,
  messageOf,
  startFleet,
  textOf,
} from "../../testkit/processes/scripted-fleet.ts";
import { ScriptedBackend } from "../../testkit/servers/scripted-backend.ts";
import { eventually } from "../../testkit/vitest/eventually.ts";

const LIST_TOOLS = '{"jsonrpc":"2.0","id":1,"method":"tools/list"}';
const LATE_TOOL = { name: "late", inputSchema: { type: "object" } };
const CHANGED = { jsonrpc: "2.0", method: "notifications/tools/list_changed" };

const namesOf = async (client: RawClient) =>
  messageOf(await client.post(LIST_TOOLS)).result?.tools?.map(({ name }) => name);

async function startTwo(more: object) {
  const [one, other] = [await ScriptedBackend.start(), await ScriptedBackend.start()];
  // Whoever announces nothing is asked every 100 ms.
  one.capabilities = { tools: {} };
  other.capabilities = { tools: {} };
  const [gateway] = await startRoles({
    backends: [
      { name: "one", url: one.url },
      { name: "other", url: other.url },
    ],
    limits: { catalogRefresh: "100ms" },
    ...more,
  });
  const stop = () => Promise.all([one.stop(), other.stop()]);
  return { one, other, gateway, stop };
}

const metric = async (adminUrl: string, name: string) =>
  Number(
    new RegExp(`^mcp_fleet_${name} (\\d+)$`, "m").exec(
      await (await fetch(`${adminUrl}/metrics`)).text(),
    )?.[1] ?? 0,
  );

describe("operational.listChanged", () => {
  it("with enabled false tells 0 clients of a change that is in the next list, and declares no listChanged", async () => {
    const fleet = await startFleet({
      limits: { catalogRefresh: "100ms" },
      operational: { listChanged: { enabled: false } },
      prepare: (backend) => {
        backend.capabilities = { tools: {} };
      },
    });
    const opened = await fleet.client.initialize({ protocolVersion: "2025-11-25" });
    expect(opened.text).not.toContain("listChanged");
    const stream = await fleet.client.stream();
    expect(await namesOf(fleet.client)).toHaveLength(3);
    fleet.backend.tools = [...fleet.backend.tools, LATE_TOOL];
    await eventually(async () => expect(await namesOf(fleet.client)).toHaveLength(4));
    expect(await metric(fleet.gateway.adminUrl, 'list_changes_total\\{list="tools"\\}')).toBe(0);
    stream.leave();
  });

  it("with a backend among disabledWorkloads tells of 1 change of the other one, and of none of its own", async () => {
    const two = await startTwo({ operational: { listChanged: { disabledWorkloads: ["one"] } } });
    const client = await RawClient.open(two.gateway.url);
    const stream = await client.stream();
    await eventually(async () => expect(await namesOf(client)).toHaveLength(6));
    two.one.tools = [...two.one.tools, LATE_TOOL];
    await eventually(async () => expect(await namesOf(client)).toHaveLength(7));
    two.other.tools = [...two.other.tools, LATE_TOOL];
    expect(JSON.parse((await stream.next()) ?? "")).toEqual(CHANGED);
    expect(await namesOf(client)).toHaveLength(8);
    const changes = 'list_changes_total\\{list="tools"\\}';
    expect(await metric(two.gateway.adminUrl, changes)).toBe(1);
    stream.leave();
    await two.stop();
  });

  it("is heeded by a proxy: 0 of 2 notifications of its server's changes reach the client", async () => {
    const fleet = await startFleet();
    const [proxy] = await startRoles(
      {
        ...configurationFor(fleet.backend.url),
        operational: { listChanged: { disabledWorkloads: ["scripted"] } },
      },
      { role: "proxy" },
    );
    const client = await RawClient.open(proxy.url);
    fleet.backend.on("tools/call", async (exchange) => {
      exchange.begin();
      await exchange.event(CHANGED);
      await exchange.event(CHANGED);
      await exchange.eventWithResult({ content: [{ type: "text", text: "done" }] });
      exchange.end();
    });
    const answer = await client.post(callOf("write"));
    expect(answer.text).toContain("done");
    expect(answer.text).not.toContain("list_changed");
  });
});

describe("operational.timeouts.backendInit", () => {
  it("of 20 s has a backend listed that takes 1 s to open a session, where health checks have 300 ms", async () => {
    const start = (timeouts: object) =>
      startFleet({
        operational: {
          timeouts,
          failureHandling: { healthCheckInterval: "300ms", healthCheckTimeout: "300ms" },
        },
        prepare: (backend) =>
          backend.on("initialize", (exchange) => {
            setTimeout(() => backend.behave(exchange), 1_000);
          }),
      });
    const patient = await start({ backendInit: "20s" });
    await eventually(async () => expect(await namesOf(patient.client)).toHaveLength(3));
    const other = await start({});
    await eventually(() => expect(other.backend.discovered("initialize")).toBeGreaterThan(2));
    expect(await namesOf(other.client)).toEqual([]);
  });

  it("of 500 ms is what a call waits for a session at a backend that hangs", async () => {
    const fleet = await startFleet({ operational: { timeouts: { backendInit: "500ms" } } });
    await eventually(async () => expect(await namesOf(fleet.client)).toHaveLength(3));
    fleet.backend.on("initialize", () => {});
    const { error } = messageOf(await fleet.client.post(callOf("write")));
    expect(error?.message).toContain("did not open a session within 0.5 s");
  });
});

describe("operational.failureHandling.partialFailureMode", () => {
  const handling = (partialFailureMode: "fail" | "best_effort") => ({
    operational: {
      failureHandling: { partialFailureMode, healthCheckInterval: "300ms", unhealthyThreshold: 1 },
    },
  });

  it("best_effort: with 1 of 2 backends away from the start, the gateway is ready and lists 3 of 6 tools", async () => {
    const two = await startTwo(handling("best_effort"));
    await two.other.stop();
    await eventually(async () =>
      expect((await fetch(`${two.gateway.adminUrl}/readyz`)).status).toBe(200),
    );
    const client = await RawClient.open(two.gateway.url);
    await eventually(async () => expect(await namesOf(client)).toHaveLength(3));
    await two.one.stop();
  });

  it("fail: unready until both of 2 backends have answered once, and ready ever after", async () => {
    const one = await ScriptedBackend.start();
    const other = await ScriptedBackend.start();
    await other.stop();
    const [gateway] = await startRoles({
      backends: [
        { name: "one", url: one.url },
        { name: "other", url: other.url },
      ],
      ...handling("fail"),
    });
    const ready = async () => await (await fetch(`${gateway.adminUrl}/readyz`)).json();
    await eventually(async () =>
      expect(await ready()).toMatchObject({ reason: expect.stringMatching(/fail.*: other$/) }),
    );
    await other.listen();
    await eventually(async () =>
      expect((await fetch(`${gateway.adminUrl}/readyz`)).status).toBe(200),
    );
    await other.stop();
    await eventually(async () => {
      const client = new RawClient(gateway.url);
      const refused = await client.initialize({ protocolVersion: "2025-11-25" });
      expect(refused.status).toBe(502);
      expect(messageOf(refused).error?.data).toMatchObject({
        error: "BACKEND_UNREACHABLE",
        missingBackends: ["other"],
      });
    });
    expect((await fetch(`${gateway.adminUrl}/readyz`)).status).toBe(200);
    await one.stop();
  });

  it("fail: a session that is open calls the backend that is there, while each of its lists is an error", async () => {
    const two = await startTwo(handling("fail"));
    await eventually(async () =>
      expect((await fetch(`${two.gateway.adminUrl}/readyz`)).status).toBe(200),
    );
    const client = await RawClient.open(two.gateway.url);
    await two.other.stop();
    await eventually(async () => {
      const { error } = messageOf(await client.post(LIST_TOOLS));
      expect(error?.data).toMatchObject({ missingBackends: ["other"] });
    });
    expect(textOf(await client.post(callOf("one_write")))).toBe("write for raw");
    await two.one.stop();
  });
});
