import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { OLDEST_NODE, oldNode } from "@mcp-fleet/contract/node-version";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { PULUMI_RANGE } from "../infra/requirements.ts";

const ROOT = join(import.meta.dirname, "..");

describe(`Node ${OLDEST_NODE}`, () => {
  it("is the oldest one of all 5 package.json files", () => {
    for (const folder of ["", "contract", "runtime", "infra", "policies"]) {
      const { engines } = JSON.parse(readFileSync(join(ROOT, folder, "package.json"), "utf8"));
      expect(engines.node, folder).toBe(`>=${OLDEST_NODE}`);
    }
  });

  it.each(["22.19.0", "22.20.1", "24.0.0", "26.10.0"])("lets %s run", (version) => {
    expect(oldNode(version)).toBeUndefined();
  });

  it.each(["18.20.8", "20.20.2", "22.18.0"])("does not let %s run", (version) => {
    expect(oldNode(version)).toBe(`mcp-fleet needs Node 22.19 or newer, and this is ${version}`);
  });
});

describe("Pulumi", () => {
  it("is required in the version that the tests run, which the documentation names", () => {
    const modules = readFileSync(join(ROOT, "testkit/pulumi/toolchain/go.mod"), "utf8");
    const [, version = ""] = /pulumi\/pkg\/v3 v(\S+)/.exec(modules) ?? [];
    expect(PULUMI_RANGE).toBe(`>=${version}`);
    const page = readFileSync(join(ROOT, "docs/stack.md"), "utf8");
    expect(page).toMatch(new RegExp(`Pulumi CLI +\\| ${version.replace(/\.0$/, "")} `));
  });
});

describe("on Node 20", () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "mcp-fleet-node-"));
    const old = 'Object.defineProperty(process.versions, "node", { value: "20.20.2" });';
    writeFileSync(join(folder, "old.cjs"), old);
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  const run = (file: string) => {
    const args = ["--require", join(folder, "old.cjs"), join(ROOT, file)];
    return spawnSync(process.execPath, args, { cwd: ROOT, encoding: "utf8" });
  };

  it.each([
    ["the command", "runtime/dist/main.js", "mcp-fleet"],
    ["the plugin of Pulumi", "infra/dist/plugin.cjs", "mcp-fleet"],
    ["the policy pack", "policies/dist/main.cjs", "the policy pack of mcp-fleet"],
  ])("%s ends with 1 line that says which Node it needs", (_, file, name) => {
    const { status, stderr } = run(file);
    expect(stderr).toBe(`${name} needs Node 22.19 or newer, and this is 20.20.2\n`);
    expect(status).toBe(1);
  });

  it("a package that is built where it was cloned ends with 1 line that says which Node it needs", () => {
    const args = ["--require", join(folder, "old.cjs"), "prepare.mjs"];
    const cwd = join(ROOT, "infra");
    const { status, stderr } = spawnSync(process.execPath, args, { cwd, encoding: "utf8" });
    expect(stderr).toBe("mcp-fleet needs Node 22.19 or newer, and this is 20.20.2\n");
    expect(status).toBe(1);
  });

  it("a program with components ends with an error of which Pulumi prints 1 line", () => {
    const { status, stderr } = run("infra/dist/index.cjs");
    expect(stderr).toContain("RunError: mcp-fleet needs Node 22.19 or newer, and this is 20.20.2");
    expect(status).toBe(1);
  });
});
