import { readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { Engine, hasEngine } from "../../testkit/pulumi/engine.ts";
import { RENAMED_PROGRAM } from "../../testkit/pulumi/programs.ts";

describe.skipIf(!hasEngine)("a gateway, a server and a store that are renamed in Pulumi", () => {
  test("by an alias for each, with name as it was, are the same to the last of their 63 resources", async () => {
    const engine = await Engine.checked(RENAMED_PROGRAM);
    const manifests = () => readdirSync(join(engine.folder, "manifests/1-manifest")).sort();
    await engine.up();
    const before = manifests();

    engine.configure({ "test:renamed": true });
    const { steps, code, stderr } = await engine.plan("--show-sames");
    expect(code, stderr).toBe(0);
    expect(steps.filter(({ op }) => op !== "same").map(({ op, urn }) => `${op} ${urn}`)).toEqual(
      [],
    );
    const urns = steps.map(({ urn }) => urn).filter((urn) => urn.includes("mcp-fleet:index:"));
    expect(urns).toHaveLength(63);
    expect(urns.filter((urn) => /:(?:sessions|github|eng)(?:-(?!dev)|$)/.test(urn))).toEqual([]);

    await engine.up();
    expect(manifests()).toEqual(before);
    engine.remove();
  }, 300_000);
});
