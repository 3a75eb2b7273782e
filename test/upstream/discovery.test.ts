import { describe, expect, it, onTestFinished, vi } from "vitest";
import type { RawClient } from "../../testkit/clients/raw-client.ts";
import {
  type FleetOptions,
  messageOf,
  type ScriptedFleet,
  startFleet,
  statusOf,
} from "../../testkit/processes/scripted-fleet.ts";
import type { ScriptedBackend } from "../../testkit/servers/scripted-backend.ts";
import { eventually } from "../../testkit/vitest/eventually.ts";

const CHANGED = "notifications/tools/list_changed";
const LATE_TOOL = { name: "late", inputSchema: { type: "object" } };

/** A ping each second, and a backend that is silent for 3 s is down. */
const quick: FleetOptions = {
  operational: {
    failureHandling: { healthCheckInterval: "1s", unhealthyThreshold: 3 },
  },
};
const PATIENCE_MS = 3_000;

/** A fleet that knows its backend's tools, and whose patience with it ends when the test says so. */
async function startPatient(): Promise<ScriptedFleet> {
  vi.useFakeTimers({ toFake: ["Date"] });
  onTestFinished(() => void vi.useRealTimers());
  const fleet = await startFleet(quick);
  await expect.poll(() => stateOf(fleet)).toBe("up");
  return fleet;
}

function endPatience(): void {
  vi.setSystemTime(Date.now() + PATIENCE_MS);
}

async function toolsOf(client: RawClient): Promise<string[]> {
  const list = '{"jsonrpc":"2.0","id":1,"method":"tools/list"}';
  const tools = messageOf(await client.post(list)).result?.tools;
  return tools?.map(({ name }) => name) ?? [];
}

async function stateOf({ gateway }: ScriptedFleet): Promise<string | undefined> {
  return (await statusOf(gateway)).backends[0]?.state;
}

/** Everything that a client hears on its stream until its session ends. */
async function listen(client: RawClient): Promise<{ end(): Promise<string[]>; heard: string[] }> {
  const stream = await client.stream();
  const heard: string[] = [];
  const listening = (async () => {
    for (let text = await stream.next(); text !== undefined; text = await stream.next()) {
      heard.push(JSON.parse(text).method);
    }
  })();
  // A test that fails before its end leaves a stream that breaks off.
  listening.catch(() => {});
  const end = async () => {
    await client.send({ method: "DELETE" });
    await listening;
    return heard;
  };
  return { heard, end };
}

/** The stream is open, and the lists were read again since. */
async function listsRead(backend: ScriptedBackend): Promise<void> {
  await eventually(() => expect(backend.discovered("tools/list")).toBe(2));
  await eventually(() => expect(backend.discovered("resources/templates/list")).toBe(2));
}

const noStream = (backend: ScriptedBackend) =>
  backend.on("GET", (exchange) => exchange.status(405));

describe("a backend without GET streams", () => {
  it("is asked for its lists again each catalogRefresh, and 1 list_changed tells of 1 change", async () => {
    const fleet = await startFleet({ limits: { catalogRefresh: "200ms" }, prepare: noStream });
    const { backend, client } = fleet;
    expect(await toolsOf(client)).not.toContain("late");
    const { heard, end } = await listen(client);
    await eventually(() => expect(backend.discovered("tools/list")).toBeGreaterThan(2));
    expect(heard).toEqual([]);

    backend.tools = [...backend.tools, LATE_TOOL];

    await eventually(() => expect(heard).toEqual([CHANGED]));
    expect(await toolsOf(client)).toContain("late");
    const asked = backend.discovered("tools/list");
    await eventually(() => expect(backend.discovered("tools/list")).toBeGreaterThan(asked + 1));
    expect(await end()).toEqual([CHANGED]);
    expect(backend.discovered("initialize")).toBe(1);
  });
});

describe("a backend with a GET stream", () => {
  it("is asked for its tools 1 time more when it says that they changed, and clients hear it 1 time", async () => {
    const { backend, client } = await startFleet();
    const { heard, end } = await listen(client);
    await listsRead(backend);
    backend.tools = [...backend.tools, LATE_TOOL];

    await backend.announce({ jsonrpc: "2.0", method: CHANGED });

    await eventually(() => expect(heard).toEqual([CHANGED]));
    expect(backend.discovered("tools/list")).toBe(3);
    expect(backend.discovered("resources/list")).toBe(2);
    expect(await end()).toEqual([CHANGED]);
  });

  it("tells clients nothing, 0 list_changed, when it says so and nothing changed", async () => {
    const { backend, client } = await startFleet();
    const { end } = await listen(client);
    await listsRead(backend);

    await backend.announce({ jsonrpc: "2.0", method: CHANGED });

    await eventually(() => expect(backend.discovered("tools/list")).toBe(3));
    expect(await end()).toEqual([]);
  });

  it("gets its 1 ping of the gateway's own session answered", async () => {
    const { backend } = await startFleet();
    await listsRead(backend);

    await backend.announce({ jsonrpc: "2.0", id: "p", method: "ping" });

    await eventually(() => expect(backend.discovered("response")).toBe(1));
    expect(backend.received.at(-1)?.message).toEqual({ jsonrpc: "2.0", id: "p", result: {} });
  });

  it("may break the stream off while its lists are read: 1 new stream in the same session, and its tools stay", async () => {
    let streams = 0;
    const read = Promise.withResolvers<void>();
    const fleet = await startFleet({
      ...quick,
      prepare: (backend) => {
        backend.once("GET", (exchange) => {
          exchange.begin();
          backend.once("tools/list", async (list) => {
            exchange.reset();
            await exchange.closed();
            await read.promise;
            list.result({ tools: backend.tools });
          });
          streams += 1;
        });
      },
    });
    await eventually(() => expect(streams).toBe(1));
    await eventually(() => expect(fleet.backend.discovered("tools/list")).toBe(2));
    // What the break does to the gateway, it does before it answers this.
    expect(await stateOf(fleet)).toBe("up");
    read.resolve();

    await eventually(() => expect(fleet.backend.discovered("GET")).toBe(2));
    expect(fleet.backend.discovered("initialize")).toBe(1);
    expect(await toolsOf(fleet.client)).toHaveLength(3);
  });
});

describe("a backend that dies", () => {
  it("is failing with its tools, then down without: 1 list_changed for going, 1 for coming back", async () => {
    const fleet = await startPatient();
    const { backend, client } = fleet;
    const { heard, end } = await listen(client);
    const before = await toolsOf(client);

    await backend.stop();

    await expect.poll(() => stateOf(fleet)).toBe("failing");
    expect(await toolsOf(client)).toEqual(before);
    endPatience();
    await eventually(async () => expect(await stateOf(fleet)).toBe("down"));
    await eventually(() => expect(heard).toEqual([CHANGED]));
    expect(await toolsOf(client)).toEqual([]);

    await backend.listen();

    await eventually(async () => expect(await stateOf(fleet)).toBe("up"));
    await eventually(() => expect(heard).toEqual([CHANGED, CHANGED]));
    expect(await toolsOf(client)).toEqual(before);
    expect(await end()).toEqual([CHANGED, CHANGED]);
  });

  it("is down too where it takes connections and answers 0 requests", async () => {
    const fleet = await startPatient();
    const { backend, client } = fleet;
    const before = await toolsOf(client);

    backend.onHead = () => true;
    await expect.poll(() => stateOf(fleet)).toBe("failing");
    endPatience();

    await eventually(async () => expect(await stateOf(fleet)).toBe("down"));
    expect(await toolsOf(client)).toEqual([]);

    backend.onHead = undefined;

    await eventually(async () => expect(await stateOf(fleet)).toBe("up"));
    expect(await toolsOf(client)).toEqual(before);
  });
});

describe("a backend that restarts without its sessions", () => {
  it("is discovered anew, and clients hear 0 list_changed for the same lists", async () => {
    const fleet = await startPatient();
    const { backend, client } = fleet;
    const { end } = await listen(client);
    await eventually(() => expect(backend.discovered("GET")).toBe(1));
    await backend.stop();
    backend.forget();
    await backend.listen();

    await eventually(() => expect(backend.discovered("GET")).toBe(2));
    await eventually(async () => expect(await stateOf(fleet)).toBe("up"));
    expect(backend.discovered("initialize")).toBe(2);
    expect(await end()).toEqual([]);
  });

  it("is discovered anew by the next ping where its connections stay open", async () => {
    const fleet = await startPatient();
    const { backend, client } = fleet;
    const { end } = await listen(client);
    await eventually(() => expect(backend.discovered("GET")).toBe(1));
    backend.forget();

    await eventually(() => expect(backend.discovered("GET")).toBe(2));
    expect(backend.discovered("initialize")).toBe(2);
    expect(await end()).toEqual([]);
  });

  it("tells of 1 changed list where it came back with another one", async () => {
    const { backend, client } = await startPatient();
    const { heard, end } = await listen(client);
    await eventually(() => expect(backend.discovered("GET")).toBe(1));
    await backend.stop();
    backend.tools = [LATE_TOOL];
    await backend.listen();

    await eventually(() => expect(heard).toEqual([CHANGED]));
    expect(await toolsOf(client)).toEqual(["late"]);
    expect(await end()).toEqual([CHANGED]);
  });
});

/** Does not declare that it tells of changes, and answers a GET in a way that comes to nothing. */
const SILENT: readonly [string, Parameters<ScriptedBackend["on"]>[1] | undefined][] = [
  ["opens a stream and is silent on it", undefined],
  ["never answers the GET", () => {}],
  ["breaks the GET off", (exchange) => exchange.reset()],
  ["ends each stream at once", (exchange) => exchange.body(200, "", "text/event-stream")],
  ["answers text", (exchange) => exchange.body(200, "hello", "text/plain")],
];

describe("a backend that does not declare listChanged", () => {
  it.each(SILENT)(
    "and %s is asked again each catalogRefresh: a tool more is there",
    async (_what, script) => {
      const fleet = await startFleet({
        limits: { catalogRefresh: "200ms" },
        prepare: (backend) => {
          backend.capabilities = { tools: {} };
          if (script !== undefined) backend.on("GET", script);
        },
      });
      const { backend, client } = fleet;
      expect(await toolsOf(client)).toHaveLength(3);
      backend.tools = [...backend.tools, LATE_TOOL];
      await eventually(async () => expect(await toolsOf(client)).toContain("late"));
      expect(backend.discovered("initialize")).toBe(1);
    },
  );
});

it("a backend that declares listChanged and has a stream is asked again each catalogRecheck only", async () => {
  const fleet = await startFleet({ limits: { catalogRefresh: "50ms", catalogRecheck: "1h" } });
  const { backend } = fleet;
  // Resources are not announced: they show how much time went by.
  await eventually(() => expect(backend.discovered("resources/list")).toBeGreaterThan(8));
  expect(backend.discovered("tools/list")).toBeLessThanOrEqual(3);
});

it("3,000 list_changed make at most 1 reading that runs and 1 that waits", async () => {
  const { backend } = await startFleet();
  await listsRead(backend);
  const release = Promise.withResolvers<void>();
  backend.once("tools/list", async (exchange) => {
    await release.promise;
    exchange.result({ tools: backend.tools });
  });
  for (let told = 0; told < 3_000; told += 1) {
    await backend.announce({ jsonrpc: "2.0", method: CHANGED });
  }
  await backend.announce({ jsonrpc: "2.0", id: "p", method: "ping" });
  await eventually(() => expect(backend.discovered("response")).toBe(1));
  backend.tools = [LATE_TOOL];
  release.resolve();
  await eventually(() => expect(backend.discovered("tools/list")).toBe(4));
});
