import { join } from "node:path";
import { beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { connectV1, connectV2 } from "../../testkit/clients/sdk-clients.ts";
import { freePort } from "../../testkit/processes/free-ports.ts";
import { NodeProcess } from "../../testkit/processes/node-process.ts";
import { startBefore } from "../../testkit/processes/sse-fleet.ts";
import { eventually } from "../../testkit/vitest/eventually.ts";

const SERVER = join(
  import.meta.dirname,
  "../../node_modules/@modelcontextprotocol/server-everything/dist/index.js",
);

describe("server-everything over HTTP+SSE", () => {
  let url: string;

  beforeAll(async () => {
    const port = await freePort();
    const server = new NodeProcess([SERVER, "sse"], { environment: { PORT: String(port) } });
    url = `http://127.0.0.1:${port}/sse`;
    await eventually(async () => {
      const response = await fetch(url);
      await response.body?.cancel();
      expect(response.status).toBe(200);
    });
    return () => server.end();
  });

  it.each([
    ["SDK 1", connectV1],
    ["SDK 2", (at: string) => connectV2(at, "legacy")],
  ] as const)(
    "serves %s with 3 tools, 3 steps of progress and 1 question of its own",
    async (_, connect) => {
      const proxy = await startBefore({ url }, { backend: { name: "everything" } });
      const session = await connect(proxy.url);
      onTestFinished(() => session.end());
      expect(await session.call("echo", { message: "hello" })).toContain("hello");
      expect(await session.call("get-sum", { a: 20, b: 22 })).toContain("42");
      const steps: number[] = [];
      await session.call(
        "trigger-long-running-operation",
        { duration: 0.3, steps: 3 },
        { onprogress: ({ progress }) => steps.push(progress) },
      );
      expect(steps).toEqual([1, 2, 3]);
      await eventually(() => expect(session.asked).toContain("roots/list"));
    },
  );
});
