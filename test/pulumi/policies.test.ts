import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parse } from "yaml";
import { edited, withFacts } from "../../policies/examples/edit.ts";
import { gatewayStack } from "../../policies/examples/gateway.ts";
import { redisStack } from "../../policies/examples/redis.ts";
import { POLICIES } from "../../policies/index.ts";
import { Engine, hasEngine, REPOSITORY, type Run } from "../../testkit/pulumi/engine.ts";
import { PACK } from "../../testkit/pulumi/policy-pack.ts";
import { stackOf, UNKNOWN } from "../../testkit/pulumi/stack-program.ts";

const LIMIT_MS = 240_000;
const ROOT = join(import.meta.dirname, "../..");
const WITH_PACK = ["--policy-pack", PACK];

if (hasEngine && !existsSync(join(PACK, "dist/main.cjs"))) {
  throw new Error("there is no policy pack to test: run make build");
}

const GATEWAY = "Deployment eng-gateway";

/** A gateway and its store, written by hand. */
const STACK = [...gatewayStack(), ...redisStack()];

/** What the engine says, without the line breaks of the terminal. */
const said = ({ stdout, stderr }: Run) => (stdout + stderr).replaceAll(/\s+/g, " ");

/** The policies that found a mandatory fault. */
function refusedBy(run: Run): string[] {
  const found = [...said(run).matchAll(/\[mandatory\] ([a-z-]+)/g)];
  return [...new Set(found.map(([, name = ""]) => name))].sort();
}

/** One that is judged across resources, one by how long Pulumi waits, and one that only advises. */
const SHOWN = ["key-prefixes-apart", "rollout-timeouts", "pinned-images"];

describe.skipIf(!hasEngine)("a preview with the policy pack", () => {
  const shown = POLICIES.filter(({ name }) => SHOWN.includes(name));

  test.concurrent.each(shown.map((policy) => [policy.name, policy] as const))(
    "%s: the stack that violates it is refused, or advised, with its message",
    async (name, { examples, level }) => {
      const engine = await stackOf(examples.fails);
      const run = await engine.preview(...WITH_PACK);
      expect(said(run)).toContain(examples.says);
      if (level === "mandatory") expect(refusedBy(run)).toContain(name);
      else expect(said(run)).toContain(`[advisory] ${name}`);
      engine.remove();
    },
    LIMIT_MS,
  );

  test(
    "passes the stack of Pulumi.yaml, in TypeScript",
    async () => {
      const project = parse(readFileSync(join(ROOT, "Pulumi.yaml"), "utf8"));
      const engine = await Engine.start({
        settings: { ...project, main: `${REPOSITORY}/infra/main.ts` },
        config: { "mcp-fleet:renderTo": "manifests" },
      });
      const run = await engine.preview(...WITH_PACK);
      expect(refusedBy(run)).toEqual([]);
      expect(run.code, said(run)).toBe(0);
      engine.remove();
    },
    LIMIT_MS,
  );

  test(
    "refuses what is not known before the update, resource by resource, and says which value to give",
    async () => {
      const graceSeconds = "spec.template.spec.terminationGracePeriodSeconds";
      const engine = await stackOf(edited(STACK, GATEWAY, { [graceSeconds]: UNKNOWN }));
      const run = await engine.preview(...WITH_PACK);
      expect(refusedBy(run)).toContain("grace-period");
      expect(said(run)).toContain(`${GATEWAY}: ${graceSeconds} is not known before the update`);
      engine.remove();
    },
    LIMIT_MS,
  );

  test(
    "takes levels and ceilings from --policy-pack-config: 512 open files on a node are too few, and a warning is enough",
    async () => {
      const engine = await stackOf(STACK);
      const configure = (config: object) => {
        engine.write("policies.json", JSON.stringify(config));
        return ["--policy-pack-config", join(engine.folder, "policies.json")];
      };
      const ceiling = { nodeNofile: 512 };
      const strict = await engine.preview(
        ...WITH_PACK,
        ...configure({ "nofile-ceiling": ceiling }),
      );
      expect(strict.code).not.toBe(0);
      expect(refusedBy(strict)).toEqual(["nofile-ceiling"]);
      const lax = await engine.preview(
        ...WITH_PACK,
        ...configure({ "nofile-ceiling": { ...ceiling, enforcementLevel: "advisory" } }),
      );
      expect(lax.code, said(lax)).toBe(0);
      expect(said(lax)).toContain("nofile-ceiling");
      engine.remove();
    },
    LIMIT_MS,
  );
});

describe.skipIf(!hasEngine)("pulumi policy analyze", () => {
  let engine: Engine;
  /** States that were exported: one that passes, and one that was deployed with too little. */
  const states: Record<"sound" | "faulty", string> = { sound: "", faulty: "" };

  beforeAll(async () => {
    engine = await stackOf(STACK);
    await engine.up();
    states.sound = await exported(engine, "sound.json");
    engine.write("stack.json", JSON.stringify(withFacts(STACK, GATEWAY, { store: "memory" })));
    await engine.up();
    states.faulty = await exported(engine, "faulty.json");
  }, LIMIT_MS);
  afterAll(() => engine?.remove());

  test(
    "judges 2 states that were exported: one that passes, and one that was deployed with too little",
    async () => {
      expect((await analyze(engine, states.sound)).code).toBe(0);
      const run = await analyze(engine, states.faulty);
      expect(run.code).not.toBe(0);
      expect(said(run)).toContain("sessions are in the memory of a single pod");
    },
    LIMIT_MS,
  );

  test(
    "runs the pack of npm, installed alone into an empty project",
    async () => {
      const project = mkdtempSync(join(tmpdir(), "mcp-fleet-policies-"));
      const npm = (args: readonly string[], cwd: string) =>
        execFileSync("npm", [...args, "--loglevel=error"], { cwd, encoding: "utf8" });
      writeFileSync(join(project, "package.json"), '{ "name": "empty", "private": true }');
      npm(["pack", "--silent", "--pack-destination", project], PACK);
      npm(["install", "--no-audit", "--no-fund", "./mcp-fleet-policies-0.1.0.tgz"], project);
      const pack = join(project, "node_modules/@mcp-fleet/policies");
      expect((await analyze(engine, states.sound, pack)).code).toBe(0);
      const run = await analyze(engine, states.faulty, pack);
      expect(run.code).not.toBe(0);
      expect(refusedBy(run)).toContain("shared-session-storage");
      rmSync(project, { recursive: true });
    },
    LIMIT_MS,
  );
});

async function exported(engine: Engine, name: string): Promise<string> {
  const file = join(engine.folder, name);
  await engine.succeed(["stack", "export", "--file", file]);
  return file;
}

function analyze(engine: Engine, file: string, pack = PACK): Promise<Run> {
  return engine.run(["policy", "analyze", "--file", file, "--policy-pack", pack]);
}
