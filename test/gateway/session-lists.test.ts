import { beforeEach, describe, expect, it, onTestFinished, vi } from "vitest";
import {
  callOf,
  type FleetOptions,
  messageOf,
  type ScriptedFleet,
  startFleet,
  textOf,
} from "../../testkit/processes/scripted-fleet.ts";
import type { Exchange } from "../../testkit/servers/scripted-exchange.ts";

const LIST_TOOLS = '{"jsonrpc":"2.0","id":1,"method":"tools/list"}';
const NAMES = ["write", "read", "repeat"];

const failTools = ({ backend }: ScriptedFleet) => {
  let isDown = true;
  backend.on("tools/list", (exchange: Exchange) =>
    isDown ? exchange.status(500) : exchange.result({ tools: backend.tools }),
  );
  return () => {
    isDown = false;
  };
};

const list = async ({ client }: ScriptedFleet) => messageOf(await client.post(LIST_TOOLS));
const namesOf = ({ result }: Awaited<ReturnType<typeof list>>) =>
  result?.tools?.map(({ name }) => name);
const call = async ({ client }: ScriptedFleet) => await client.post(callOf("write"));

const rowOf = async ({ gateway }: ScriptedFleet) => (await gateway.server.status()).backends[0];

/** A gateway before a backend whose lists are each session's own. */
const start = (mode: "best_effort" | "fail", more: FleetOptions = {}) =>
  startFleet({
    ...more,
    backend: { catalog: "perSession" },
    operational: { failureHandling: { partialFailureMode: mode } },
  });

describe.each(["best_effort", "fail"] as const)(
  "a backend with lists of each session's own, under partialFailureMode: %s",
  (mode) => {
    it("that fails tools/list with 500 keeps its 3 tools: they are listed and called as before, and it is degraded", async () => {
      const fleet = await start(mode);
      expect(namesOf(await list(fleet))).toEqual(NAMES);
      const mend = failTools(fleet);

      expect(namesOf(await list(fleet))).toEqual(NAMES);
      expect(textOf(await call(fleet))).toBe("write for raw");

      expect(await rowOf(fleet)).toMatchObject({
        state: "degraded",
        error: expect.stringMatching(/^tools: HTTP 500/),
      });
      mend();
      expect(namesOf(await list(fleet))).toEqual(NAMES);
      expect((await rowOf(fleet))?.state).toBe("up");
    });

    it("that fails 1 of its 4 lists keeps that one alone: a tool more is there at once", async () => {
      const fleet = await start(mode);
      await list(fleet);
      fleet.backend.on("resources/list", (exchange) => exchange.status(500));
      await fleet.client.post('{"jsonrpc":"2.0","id":2,"method":"resources/list"}');
      fleet.backend.tools = [
        ...fleet.backend.tools,
        { name: "more", inputSchema: { type: "object" } },
      ];

      expect(namesOf(await list(fleet))).toEqual([...NAMES, "more"]);
      expect(await rowOf(fleet)).toMatchObject({
        state: "degraded",
        error: expect.stringMatching(/^resources: /),
      });
    });
  },
);

describe("a backend with lists of each session's own that were never read", () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ["performance"], now: 0 });
    onTestFinished(() => void vi.useRealTimers());
  });

  it("is named as missing in best_effort, and its tools are there 1 s later without a list", async () => {
    const fleet = await start("best_effort");
    const mend = failTools(fleet);
    const answer = await list(fleet);
    expect(namesOf(answer)).toEqual([]);
    expect(answer.result?._meta).toEqual({ "mcp-fleet/missingBackends": ["scripted"] });
    expect(messageOf(await call(fleet)).error).toMatchObject({
      code: -32602,
      message: "Unknown tool: write",
      data: { missingBackends: ["scripted"] },
    });
    mend();
    expect(messageOf(await call(fleet)).error?.message).toBe("Unknown tool: write");
    vi.advanceTimersByTime(1_000);
    expect(textOf(await call(fleet))).toBe("write for raw");
  });

  it("is an error of every list in fail, and none once they can be read", async () => {
    const fleet = await start("fail");
    const mend = failTools(fleet);
    expect((await list(fleet)).error).toMatchObject({
      message: "partialFailureMode is fail, and these backends are unavailable: scripted",
      data: { error: "BACKEND_UNREACHABLE", missingBackends: ["scripted"] },
    });
    mend();
    expect(namesOf(await list(fleet))).toEqual(NAMES);
  });
});

it("a list that hangs for a session is left out after the listWait of 300 ms, once; its client is told when it is there", async () => {
  const held: Exchange[] = [];
  const fleet = await startFleet({
    backend: { catalog: "perSession" },
    limits: { listWait: "300ms" },
    prepare: (backend) =>
      backend.on("tools/list", (exchange) => {
        if (exchange.received.client === "mcp-fleet") backend.behave(exchange);
        else held.push(exchange);
      }),
  });
  const stream = await fleet.client.stream();
  for (const _ of [1, 2, 3]) {
    const answer = await list(fleet);
    expect(namesOf(answer)).toEqual([]);
    expect(answer.result?._meta).toEqual({ "mcp-fleet/missingBackends": ["scripted"] });
  }
  expect(held).toHaveLength(1);
  held[0]?.result({ tools: fleet.backend.tools });
  expect(JSON.parse((await stream.next()) ?? "")).toMatchObject({
    method: "notifications/tools/list_changed",
  });
  expect(textOf(await call(fleet))).toBe("write for raw");
  stream.leave();
});
