import { McpServer } from "@modelcontextprotocol/sdk/server/mcp.js";
import { ElicitResultSchema } from "@modelcontextprotocol/sdk/types.js";
import { expect, it, onTestFinished } from "vitest";
import * as z from "zod";
import { connectV1 } from "../testkit/clients/sdk-clients.ts";
import { startRoles } from "../testkit/processes/gateway.ts";
import { SdkServer } from "../testkit/servers/sdk-server.ts";

it("brings 2 answers to the 2 backends that ask at the same time, both with the request id 0", async () => {
  const [url = ""] = await startGateways(1, ["left", "right"]);
  const answered: string[] = [];
  const bothAsked = meeting(2);
  const session = await connectV1(url, {
    fetch: (input, init) => {
      const answer = answerIn(init);
      if (answer !== undefined) answered.push(answer);
      return fetch(input, init);
    },
    fillForm: async (message) => {
      await bothAsked();
      return { name: `the answer to ${message}` };
    },
  });

  const told = await Promise.all([session.call("left_ask"), session.call("right_ask")]);

  expect(told).toEqual([
    'left: {"name":"the answer to left"}',
    'right: {"name":"the answer to right"}',
  ]);
  expect(answered.sort()).toEqual(["left.1.0", "right.1.0"]);
  await session.end();
});

it("tells 10 questions of 1 backend that are open at the same time apart, answered in reverse order", async () => {
  const [url = ""] = await startGateways(1, ["only"]);
  const allAsked = meeting(10);
  const session = await connectV1(url, {
    fillForm: async (message) => {
      await allAsked();
      return { name: message };
    },
  });

  const calls = Array.from({ length: 10 }, (_, place) =>
    session.call("only_ask", { about: `question ${place}` }),
  );
  const told = await Promise.all(calls);

  expect(told).toEqual(
    Array.from({ length: 10 }, (_, place) => `question ${place}: {"name":"question ${place}"}`),
  );
  await session.end();
});

it("carries the answers of 6 calls, 3 open at each of 2 gateways, each posted to the other gateway", async () => {
  const [first = "", second = ""] = await startGateways(2, ["only"]);
  const seen: string[] = [];
  let calledAt = second;
  const session = await connectV1(first, {
    // One call after the other, so an answer that goes out is to what the latest call asks.
    fetch: (_, init) => {
      const elsewhere = calledAt === first ? second : first;
      if (answerIn(init) !== undefined) {
        seen.push(`answer at ${elsewhere === first ? "first" : "second"}`);
        return fetch(elsewhere, init);
      }
      if (toolIn(init) === "") return fetch(first, init);
      calledAt = elsewhere;
      seen.push(`call at ${calledAt === first ? "first" : "second"}`);
      return fetch(calledAt, init);
    },
    fillForm: (message) => ({ name: `the answer to ${message}` }),
  });

  const told: string[] = [];
  for (let turn = 0; turn < 6; turn += 1) {
    told.push(await session.call("only_ask", { about: `turn ${turn}` }));
  }

  expect(told).toEqual(
    Array.from({ length: 6 }, (_, turn) => `turn ${turn}: {"name":"the answer to turn ${turn}"}`),
  );
  const crossed = ["call at first", "answer at second", "call at second", "answer at first"];
  expect(seen).toEqual([...crossed, ...crossed, ...crossed]);
  await session.end();
});

it("lets 2 gateways serve 2 open calls of 1 session at 2 backends, whose 2 answers are crossed", async () => {
  const [first = "", second = ""] = await startGateways(2, ["left", "right"]);
  const answersTo: Record<string, string> = { left: second, right: first };
  const callsTo: Record<string, string> = { left_ask: first, right_ask: second };
  const bothAsked = meeting(2);
  const session = await connectV1(first, {
    fetch: (_, init) => {
      const answered = answerIn(init)?.split(".")[0] ?? "";
      return fetch(answersTo[answered] ?? callsTo[toolIn(init)] ?? first, init);
    },
    fillForm: async (message) => {
      await bothAsked();
      return { name: `the answer to ${message}` };
    },
  });

  const told = await Promise.all([session.call("left_ask"), session.call("right_ask")]);

  expect(told).toEqual([
    'left: {"name":"the answer to left"}',
    'right: {"name":"the answer to right"}',
  ]);
  await session.end();
});

/** The URLs of gateways, of which each has a backend of every name. */
async function startGateways(count: number, names: string[]): Promise<readonly string[]> {
  const backends = await Promise.all(
    names.map(async (name) => {
      const backend = await SdkServer.start({ build: () => askingServer(name) });
      onTestFinished(() => backend.close());
      return { name, url: backend.url };
    }),
  );
  const gateways = await startRoles({ name: "elicitation", backends }, { count });
  return gateways.map(({ url }) => url);
}

/** A server with one tool, which asks the user and tells the answer. */
function askingServer(name: string): McpServer {
  const server = new McpServer({ name, version: "1.0.0" });
  const inputSchema = { about: z.string().default(name) };
  server.registerTool("ask", { inputSchema }, async ({ about }, call) => {
    const requestedSchema = {
      type: "object" as const,
      properties: { name: { type: "string" as const } },
    };
    const { content } = await call.sendRequest(
      { method: "elicitation/create", params: { message: about, requestedSchema } },
      ElicitResultSchema,
    );
    return { content: [{ type: "text", text: `${about}: ${JSON.stringify(content)}` }] };
  });
  return server;
}

/** A place to wait in until `count` have come; who came last leaves first. */
function meeting(count: number): () => Promise<void> {
  const waiting: (() => void)[] = [];
  return () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    waiting.unshift(resolve);
    if (waiting.length === count) for (const leave of waiting) leave();
    return promise;
  };
}

/** The id of the request that a posted body answers, if it answers one. */
function answerIn(init: RequestInit | undefined): string | undefined {
  const { id, result } = bodyOf(init);
  return result === undefined ? undefined : id;
}

/** The tool that a posted body calls, "" for any other body. */
function toolIn(init: RequestInit | undefined): string {
  const { method, params } = bodyOf(init);
  return method === "tools/call" ? (params?.name ?? "") : "";
}

function bodyOf(init: RequestInit | undefined): {
  id?: string;
  method?: string;
  params?: { name?: string };
  result?: unknown;
} {
  return typeof init?.body === "string" ? JSON.parse(init.body) : {};
}
