import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  CapacityError,
  INPUT_NAMES,
  INPUTS,
  type Input,
  type InputName,
  inputKey,
} from "@mcp-fleet/contract/capacity";
import { Command } from "commander";
import fc from "fast-check";
import { afterAll, expect, test, vi } from "vitest";
import { addPlan } from "../runtime/cli/plan.ts";

const folder = mkdtempSync(join(tmpdir(), "mcp-fleet-plan-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const FILE = join(folder, "fleet.yaml");

/** What the command prints of a plan, or everything but the places of its faults. */
function outcome(...args: readonly string[]): unknown {
  const program = new Command().exitOverride();
  addPlan(program);
  const write = vi.spyOn(process.stdout, "write").mockReturnValue(true);
  try {
    program.parse(["plan", "--json", ...args], { from: "user" });
    return JSON.parse(String(write.mock.lastCall?.[0]));
  } catch (error) {
    if (!(error instanceof CapacityError)) throw error;
    return error.faults.map(({ value, rule, fix }) => ({ value, rule, fix }));
  } finally {
    write.mockRestore();
  }
}

const STORAGE = {
  memory: { provider: "memory" },
  redis: { provider: "redis", address: "redis:6379" },
  sentinel: { provider: "redis", sentinel: { masterName: "m", addrs: ["redis:26379"] } },
  cluster: { provider: "redis", cluster: { addrs: ["redis:6379"] } },
} as const;

/** Limits of random inputs: what the settings allow, and what can usually be planned. */
const MAX: Partial<Record<InputName, number>> = {
  sessions: 10_000,
  cacheEntries: 10_000,
  streamsPerSession: 10,
  backends: 12,
  openedBackends: 12,
  sessionStreamBackends: 12,
  statefulBackends: 12,
  callTimeSeconds: 60,
  callTimeoutMaxSeconds: 3600,
  callsPerSessionSecond: 1,
  callsPerSecond: 1000,
  concurrentCalls: 1000,
  upstreamConnections: 512,
  clientBytes: 2 ** 20,
  minReplicas: 20,
  maxReplicas: 40,
};

/** An input as it is written: `90s`, `2048B` or a number. */
function written(name: InputName): fc.Arbitrary<string> {
  const { unit, min, max: inputMax, fraction }: Input = INPUTS[name];
  const max = Math.min(inputMax, MAX[name] ?? inputMax);
  const number = fraction
    ? fc.double({ min: Math.max(min, 0.01), max, noNaN: true }).map((value) => value.toFixed(2))
    : fc.integer({ min, max }).map(String);
  const suffix = { bytes: "B", seconds: "s" }[String(unit)] ?? "";
  return number.map((text) => text + suffix);
}

test("a file and the equal flags give the same plan, or the same reasons why there is none, in 200 random loads", () => {
  const inputs = fc.record(Object.fromEntries(INPUT_NAMES.map((name) => [name, written(name)])));
  const names = fc.subarray([...INPUT_NAMES], { maxLength: 8 });
  const seen = { plans: 0, faults: 0 };
  fc.assert(
    fc.property(
      inputs,
      names,
      fc.constantFrom("memory", "redis", "sentinel", "cluster"),
      (any, some, store) => {
        const given = new Set<InputName>([...some, "sessions", "backends"]);
        // A file says how many shards there are only where it says that there are any.
        if (store !== "cluster") given.delete("storeShards");
        const { flags, document } = bothWays(any, given);
        const shards = given.has("storeShards") && { shards: Number(any.storeShards) };
        const cluster = store === "cluster" && {
          cluster: { ...STORAGE.cluster.cluster, ...shards },
        };
        const sessionStorage = { ...STORAGE[store], ...cluster };
        writeFileSync(FILE, JSON.stringify({ ...document, sessionStorage }));
        const answer = outcome("--config", FILE);
        expect(answer).toEqual(outcome("--store", store, ...flags));
        seen[Array.isArray(answer) ? "faults" : "plans"] += 1;
      },
    ),
    { numRuns: 200 },
  );
  expect(Math.min(seen.plans, seen.faults)).toBeGreaterThan(30);
});

/** These inputs as flags, and as a configuration. */
function bothWays(texts: Readonly<Record<string, string>>, names: ReadonlySet<InputName>) {
  const backends = Array.from({ length: Number(texts.backends) }, (_, index) => ({
    name: `server-${index}`,
    url: "http://server/mcp",
  }));
  const load: Record<string, unknown> = {};
  const sections: Record<string, Record<string, unknown>> = {
    session: { maxSessions: 10_000 },
    limits: { streams: 10, callTimeout: "1ms", bodyBytes: 1 },
    load,
  };
  const flags = [...names].flatMap((name) => {
    const text = texts[name] ?? "";
    const value = /[sB]$/.test(text) ? text : Number(text);
    const { setting, loadFirst }: Input = INPUTS[name];
    const [section = "", field = ""] = setting?.split(".") ?? [];
    if (setting === undefined || loadFirst) load[inputKey(name)] = value;
    else if (field !== "") sections[section] = { ...sections[section], [field]: value };
    return [`--${inputKey(name).replaceAll(/[A-Z]/g, (big) => `-${big.toLowerCase()}`)}`, text];
  });
  return { flags, document: { ...sections, backends } };
}
