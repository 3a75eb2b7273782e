import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { otherVersions, PLACES } from "../tools/release/release-check.ts";

const ROOT = join(import.meta.dirname, "..");
const read = (file: string) => readFileSync(join(ROOT, file), "utf8");
const { version } = JSON.parse(read("infra/package.json"));

interface Step {
  readonly uses?: string;
  readonly run?: string;
  readonly env?: Readonly<Record<string, string>>;
}

interface Job {
  readonly needs?: string;
  readonly permissions?: Readonly<Record<string, string>>;
  readonly steps: readonly Step[];
}

const workflow = (name: string): { readonly jobs: Readonly<Record<string, Job>> } =>
  parse(read(`.github/workflows/${name}.yml`));

describe("a release", () => {
  it("has the same version in all 11 places that state one", () => {
    expect(PLACES).toHaveLength(11);
    expect(otherVersions(version)).toEqual([]);
  });

  it("is refused with 11 lines that name file, version and what it must be", () => {
    const lines = otherVersions("9.9.9");
    expect(lines).toHaveLength(11);
    expect(lines[0]).toBe(`contract/package.json: ${version} must be 9.9.9`);
  });

  it("builds its packages after its image, with the image's digest as their default", () => {
    const { image, packages } = workflow("release").jobs;
    expect(packages?.needs).toBe("image");
    const build = packages?.steps.find(({ run }) => run === "make build");
    expect(build?.env?.MCP_FLEET_IMAGE).toContain("needs.image.outputs.reference");
    expect(read("infra/image.ts")).toContain("process.env.MCP_FLEET_IMAGE");
    expect(image?.steps.some(({ run }) => run?.startsWith("cosign sign"))).toBe(true);
  });

  it("publishes 4 packages with provenance, whose package.json all name the repository", () => {
    const { packages } = workflow("release").jobs;
    expect(packages?.permissions).toMatchObject({ "id-token": "write" });
    const publish = packages?.steps.find(({ run }) => run?.includes("npm publish"))?.run ?? "";
    expect(publish).toContain("--provenance");
    const [, folders = ""] = /for package in (.*); do/.exec(publish) ?? [];
    expect(folders.split(" ")).toEqual(["contract/dist", "runtime", "infra", "policies"]);
    for (const folder of ["contract", "runtime", "infra", "policies"]) {
      const { repository } = JSON.parse(read(`${folder}/package.json`));
      expect(repository.directory).toBe(folder);
    }
  });
});

describe("the workflows", () => {
  it.each(["ci", "release"])("%s runs only targets that the Makefile has", (name) => {
    const runs = Object.values(workflow(name).jobs).flatMap(({ steps }) => steps);
    const targets = runs.flatMap(({ run = "" }) =>
      [...run.matchAll(/make ([a-z-]+)/g)].map(([, target]) => target),
    );
    for (const target of targets) expect(read("Makefile")).toMatch(new RegExp(`^${target}:`, "m"));
  });
});
