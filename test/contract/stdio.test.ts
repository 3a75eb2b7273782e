import { planOf } from "@mcp-fleet/contract/capacity";
import { validate } from "@mcp-fleet/contract/settings";
import { expect, test } from "vitest";
import { ConfigError } from "../../contract/faults.ts";

const PROGRAM = { name: "files", transport: "stdio", command: "server" };
const URL = "http://127.0.0.1:9001/mcp";

/** The paths of the faults of one backend. */
function faultsOf(backend: object): string[] {
  try {
    validate({ backends: [backend] });
    return [];
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return error.faults.map(({ path }) => path);
  }
}

test("a program has a command, 10 processes at most, and is stateful unless it says otherwise", () => {
  const [backend] = validate({ backends: [PROGRAM] }).backends;
  expect(backend).toMatchObject({
    address: {
      kind: "command",
      command: "server",
      args: [],
      maxProcesses: 10,
      stopGraceSeconds: 5,
    },
    stateful: true,
    routing: "session",
  });
  const [other] = validate({ backends: [{ ...PROGRAM, stateful: false }] }).backends;
  expect(other).toMatchObject({ stateful: false, routing: "session" });
});

test.each([
  ["no command", { ...PROGRAM, command: undefined }, ["backends[0].command"]],
  ["a URL, too", { ...PROGRAM, url: URL }, ["backends[0].url"]],
  ["routing spread", { ...PROGRAM, routing: "spread" }, ["backends[0].routing"]],
  ["a variable that has no name", { ...PROGRAM, env: { "A B": "1" } }, ["backends[0].env.A B"]],
  [
    "a command and limits, and is none",
    { name: "a", url: URL, command: "server", process: { max: 1 } },
    ["backends[0].command", "backends[0].process"],
  ],
])("a program with %s has a fault for each of these fields", (_, backend, paths) => {
  expect(faultsOf(backend)).toEqual(paths);
});

test("a plan for 4 programs of 200 MiB has 12 descriptors and 800 MiB for them, and the heap has none of that", () => {
  const load = { sessions: 100 };
  const http = { backends: [{ name: "files", url: URL, stateful: true }], load };
  const program = { ...PROGRAM, process: { max: 4, memory: "200Mi" } };
  const [before, after] = [http, { backends: [program], load }].map(
    (file) => planOf(file).gateways,
  );
  const term = (figure: "requiredNofile" | "memory") =>
    after?.[figure].terms.find(({ name }) => name === "programs")?.value;
  expect(term("requiredNofile")).toBe(12);
  expect(term("memory")).toBe(800 * 2 ** 20);
  const more = (after?.memory.value ?? 0) - (before?.memory.value ?? 0);
  expect(more).toBeGreaterThan(800 * 2 ** 20);
  const heap = (after?.heap.value ?? 0) - (before?.heap.value ?? 0);
  expect(heap).toBeLessThan(300 * 2 ** 20);
});
