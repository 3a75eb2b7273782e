import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Engine, hasEngine, type Step } from "../../testkit/pulumi/engine.ts";
import { PACK } from "../../testkit/pulumi/policy-pack.ts";
import { EVERYTHING_PROGRAM, FLEET_PROGRAM } from "../../testkit/pulumi/programs.ts";

const LIMIT_MS = 300_000;
const WITH_PACK = ["--policy-pack", PACK];

/** The steps that take something away: what is replaced, by its type. */
const replaced = (steps: readonly Step[]) =>
  steps.filter(({ op }) => op === "replace").map(({ urn }) => urn.split("::").slice(-2).join(" "));

const manifests = (engine: Engine) =>
  existsSync(join(engine.folder, "manifests/1-manifest"))
    ? readdirSync(join(engine.folder, "manifests/1-manifest"))
    : [];

describe.skipIf(!hasEngine)("a fleet of 1,000 sessions with the real engine", () => {
  let engine: Engine;

  beforeAll(async () => {
    engine = await Engine.checked(FLEET_PROGRAM, { config: { "test:sessions": 1000 } });
  }, LIMIT_MS);
  afterAll(() => engine?.remove());

  test(
    "passes every policy and is previewed with its plan, made, unchanged at the second time, grown to 10,000 in place, and destroyed",
    async () => {
      const preview = await engine.preview(...WITH_PACK);
      expect(preview.code, preview.stderr).toBe(0);
      expect(preview.stdout + preview.stderr).not.toContain("[mandatory]");
      expect(preview.stdout).toContain("gateway eng for 1,000 sessions: 2 pods");
      expect(preview.stdout).toContain("store sessions for 2,000 sessions and 50 client pods");
      expect(manifests(engine)).toEqual([]);

      await engine.up();
      expect(manifests(engine)).toContain("v1-service-default-eng-gateway.yaml");
      const { url, capacity } = await engine.outputs();
      expect(url).toBe("http://eng-gateway.default.svc.cluster.local:4483/mcp");
      expect(capacity).toMatchObject({ replicas: "2 pods = holding 1 + spareReplicas 1" });

      expect((await engine.preview("--expect-no-changes")).code).toBe(0);

      engine.configure({ "test:sessions": 10_000 });
      const { steps, code, stderr } = await engine.plan();
      expect(code, stderr).toBe(0);
      // A ConfigMap without a name of its own is replaced by another one before it goes.
      expect(
        replaced(steps).filter((what) => !what.includes("$kubernetes:core/v1:ConfigMap ")),
      ).toEqual([]);
      const updated = steps.filter(({ op }) => op === "update").map(({ urn }) => urn);
      expect(updated.some((urn) => urn.includes("Deployment::eng-gateway"))).toBe(true);
      await engine.up();
      expect((await engine.outputs()).capacity).toMatchObject({
        replicas: "7 pods = holding 6 + spareReplicas 1",
      });

      await engine.destroy();
      expect(manifests(engine)).toEqual([]);
      expect(await engine.resources()).toEqual([]);
    },
    LIMIT_MS,
  );
});

describe.skipIf(!hasEngine)("what is wrong ends a preview", () => {
  test(
    "a type error, before anything else, with the argument's name",
    async () => {
      const text = FLEET_PROGRAM.replace("{ sessions, backends:", '{ sessions: "many", backends:');
      const engine = await Engine.typescript(text, { config: { "test:sessions": 1000 } });
      const { code, stdout, stderr } = await engine.preview();
      expect(code).not.toBe(0);
      expect(stdout + stderr).toContain("Type 'string' is not assignable to type 'number'");
      engine.remove();
    },
    LIMIT_MS,
  );

  test(
    "a container of 128Mi for 1,000 sessions, with the arithmetic and both ways out",
    async () => {
      const text = FLEET_PROGRAM.replace(
        "{ sessions, backends:",
        '{ resources: { memory: "128Mi" }, sessions, backends:',
      );
      const engine = await Engine.checked(text, { config: { "test:sessions": 1000 } });
      const { code, stdout, stderr } = await engine.preview();
      expect(code).not.toBe(0);
      expect(stdout + stderr).toMatch(
        /resources\.memory: invalid value 128Mi: must be at least \d+Mi, as planned: .*process/,
      );
      expect(stdout + stderr).toContain("or explain in acceptRisks.belowPlan why less is right");
      engine.remove();
    },
    LIMIT_MS,
  );
});

describe.skipIf(!hasEngine)("with everything switched on", () => {
  test(
    "a stack that passes every policy is made twice with the same result, and destroyed",
    async () => {
      const engine = await Engine.checked(EVERYTHING_PROGRAM);
      await engine.up(...WITH_PACK);
      const again = await engine.preview("--expect-no-changes", "--diff");
      expect(again.code, again.stdout).toBe(0);
      await engine.destroy();
      expect(manifests(engine)).toEqual([]);
      engine.remove();
    },
    LIMIT_MS,
  );
});
