/**
 * Compares every place that states the version with a tag: `node tools/release/release-check.ts v1.2.3`. Without a tag, with the
 * version of the components' package.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";

const ROOT = join(import.meta.dirname, "../..");

/** A place that states the version, and the words around it. */
interface Place {
  readonly file: string;
  readonly pattern: RegExp;
}

const PACKAGES = ["contract", "runtime", "infra", "policies"];

/** Every place that states the version. */
export const PLACES: readonly Place[] = [
  ...PACKAGES.map((folder) => ({
    file: `${folder}/package.json`,
    pattern: /^ {2}"version": "(.*)"/m,
  })),
  ...["runtime", "policies"].map((folder) => ({
    file: `${folder}/package.json`,
    pattern: /"@mcp-fleet\/contract": "(.*)"/,
  })),
  { file: "infra/version.ts", pattern: /VERSION = "(.*)"/ },
  { file: "infra/schema.json", pattern: /^ {2}"version": "(.*)"/m },
  { file: "policies/PulumiPolicy.yaml", pattern: /^version: (.*)$/m },
  { file: "Pulumi.yaml", pattern: /default: mcp-fleet:(.*)$/m },
  { file: "Dockerfile", pattern: /^ARG VERSION=(.*)$/m },
];

/** What states another version, a line each. */
export function otherVersions(version: string): string[] {
  return PLACES.flatMap(({ file, pattern }) => {
    const found = pattern.exec(readFileSync(join(ROOT, file), "utf8"))?.[1] ?? "no version";
    return found === version ? [] : [`${file}: ${found} must be ${version}`];
  });
}

if (import.meta.main) {
  const { version } = JSON.parse(readFileSync(join(ROOT, "infra/package.json"), "utf8"));
  const [tag = `v${version}`] = process.argv.slice(2);
  const lines = otherVersions(tag.replace(/^v/, ""));
  for (const line of lines) process.stderr.write(`${line}\n`);
  if (lines.length === 0) process.stdout.write(`every place states ${tag.replace(/^v/, "")}\n`);
  process.exitCode = lines.length === 0 ? 0 : 1;
}
