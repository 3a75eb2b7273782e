import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

import { afterAll, beforeAll, describe, expect, it } from "vitest";

const FORBIDDEN = [
  ["runtime/contract/units.ts", "../wire/message.ts", "contract imports of the repo only itself"],
  ["runtime/main.ts", "@pulumi/pulumi", "knows no Pulumi"],
  ["runtime/wire/sse.ts", "../sessions/sessions.ts", "wire is bytes"],
  ["runtime/wire/reply.ts", "../../infra/main.ts", "knows no Pulumi"],
  ["runtime/sessions/sessions.ts", "../upstream/backend.ts", "sessions knows neither"],
  ["runtime/upstream/backend.ts", "../edge/role.ts", "upstream does not know HTTP serving"],
  ["runtime/catalog/view.ts", "../edge/role.ts", "catalog does not know HTTP serving"],
  ["runtime/edge/role.ts", "../gateway/gateway.ts", "Roles are wired"],
  ["runtime/relay/subscriptions.ts", "../catalog/view.ts", "knows no merged catalog"],
  ["runtime/relay/role-parts.ts", "../proxy/proxy.ts", "Roles are wired"],
  ["runtime/gateway/gateway.ts", "../proxy/proxy.ts", "One role does not import another"],
  ["runtime/proxy/proxy.ts", "../gateway/gateway.ts", "One role does not import another"],
  ["runtime/proxy/proxy-role.ts", "../catalog/view.ts", "The proxy merges nothing"],
  ["infra/component.ts", "../runtime/gateway/gateway.ts", "only its contract"],
  ["infra/main.ts", "../policies/index.ts", "do not know their judge"],
  ["policies/capacity.ts", "../infra/index.ts", "no judge"],
  ["policies/main.ts", "../runtime/sessions/sessions.ts", "only its contract"],
] as const;

const ALLOWED = [
  ["runtime/contract/settings.ts", "./units.ts"],
  ["runtime/gateway/routing.ts", "../edge/guards.ts"],
  ["runtime/proxy/pods.ts", "../relay/subscriptions.ts"],
  ["infra/pod.ts", "../runtime/contract/index.ts"],
  ["policies/drain.ts", "../runtime/contract/index.ts"],
] as const;

const root = fileURLToPath(new URL("..", import.meta.url));
let folder: string;
let report: string;

/** What the linter says of a tree that holds nothing but the imports of both tables. */
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "mcp-fleet-imports-"));
  const config = JSON.parse(readFileSync(join(root, "biome.json"), "utf8"));
  writeFileSync(join(folder, "biome.json"), JSON.stringify({ ...config, vcs: { enabled: false } }));
  for (const [file, specifier] of [...FORBIDDEN, ...ALLOWED]) {
    mkdirSync(dirname(join(folder, file)), { recursive: true });
    writeFileSync(join(folder, file), `import "${specifier}";\n`);
  }
  const biome = join(root, "node_modules/.bin/biome");
  const args = ["lint", "--colors=off", "--max-diagnostics=none", "."];
  const { stdout, stderr } = spawnSync(biome, args, { cwd: folder, encoding: "utf8" });
  report = stdout + stderr;
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** The part of the report about one file. */
function findings(file: string): string {
  const start = report.indexOf(`${file}:1:`);
  return start === -1 ? "" : report.slice(start, report.indexOf("\n\n\n", start));
}

describe("the import rules are lint errors", () => {
  it.each(FORBIDDEN)("%s may not import %s", (file, _specifier, rule) => {
    expect(findings(file)).toContain(rule);
  });

  it.each(ALLOWED)("%s may import %s", (file) => {
    expect(findings(file)).toBe("");
  });
});
