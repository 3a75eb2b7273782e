import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, normalize } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const ROOT = join(import.meta.dirname, "..");
const CRUISER = join(ROOT, "node_modules/.bin/depcruise");

/** A file, what it may not import, and the rule that says so. */
const FORBIDDEN = [
  ["contract/capacity/plan.ts", "runtime/wire/message.ts", "contract/capacity imports only"],
  ["contract/settings/settings.ts", "contract/capacity/plan.ts", "contract/settings imports only"],
  ["runtime/wire/reply.ts", "node:net", "time, chance and the network"],
  ["runtime/cli/main.ts", "infra/main.ts", "runtime/cli imports only"],
  ["runtime/wire/sse.ts", "runtime/sessions/sessions.ts", "runtime/wire imports only"],
  ["runtime/sessions/sessions.ts", "runtime/store/open-store.ts", "runtime/sessions imports only"],
  ["runtime/upstream/backend.ts", "runtime/edge/guards.ts", "runtime/upstream imports only"],
  ["runtime/catalog/view.ts", "runtime/calls/forwarder.ts", "runtime/catalog imports only"],
  ["runtime/discover/source.ts", "runtime/upstream/backend.ts", "runtime/discover imports only"],
  ["runtime/edge/guards.ts", "runtime/store/open-store.ts", "runtime/edge imports only"],
  ["runtime/calls/forwarder.ts", "runtime/catalog/view.ts", "runtime/calls imports only"],
  ["runtime/roles/gateway/a.ts", "runtime/roles/proxy/b.ts", "one role does not import another"],
  ["runtime/roles/proxy/c.ts", "runtime/catalog/view.ts", "the proxy merges nothing"],
  ["infra/server.ts", "runtime/wire/message.ts", "infra imports only contract"],
  ["infra/process.ts", "policies/index.ts", "infra imports only contract"],
  ["policies/grace.ts", "infra/main.ts", "policies imports only contract"],
  ["demo/main.ts", "test/drain.ts", "demo imports only"],
  ["test/a.ts", "bench/load.ts", "test imports only"],
  ["bench/load.ts", "e2e/load.ts", "bench imports only"],
  ["e2e/fleet.ts", "demo/table.ts", "e2e imports only"],
  ["proof/main.ts", "test/b.ts", "proof imports only"],
  ["testkit/clients/soak.ts", "proof/part.ts", "testkit imports only"],
  ["runtime/server/one.ts", "runtime/server/other.ts", "no cycles"],
  ["runtime/server/lost.ts", "runtime/server/nowhere.ts", "nothing is imported that is not there"],
] as const;

const ALLOWED = [
  ["contract/capacity/grace.ts", "contract/settings/times.ts"],
  ["runtime/roles/gateway/routing.ts", "runtime/catalog/catalog.ts"],
  ["runtime/roles/proxy/proxy-role.ts", "runtime/calls/subscriptions.ts"],
  ["runtime/store/open-store.ts", "runtime/sessions/session-store.ts"],
  ["infra/pod.ts", "contract/index.ts"],
  ["policies/drain.ts", "contract/capacity/grace.ts"],
] as const;

/** Closes the ring of the one cycle. */
const BACK = ["runtime/server/other.ts", "runtime/server/one.ts"] as const;

const NOWHERE = "runtime/server/nowhere.ts";

let folder: string;
let report: string;

/** What the cruiser says, under the rules of this repository, of a tree with nothing but the imports of both tables. */
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "mcp-fleet-imports-"));
  for (const name of [".dependency-cruiser.mjs", "tsconfig.json"]) {
    cpSync(join(ROOT, name), join(folder, name));
  }
  symlinkSync(join(ROOT, "node_modules"), join(folder, "node_modules"));
  const pairs = [...FORBIDDEN, ...ALLOWED, BACK].map(([from, to]) => [from, to] as const);
  const files = new Map<string, string>();
  const isFile = (to: string) => to !== NOWHERE && !to.startsWith("node:");
  for (const [, to] of pairs) if (isFile(to)) files.set(to, "");
  for (const [from, to] of pairs) {
    const up = "../".repeat(dirname(from).split("/").length);
    const specifier = to.startsWith("node:") ? to : `${up}${to}`;
    files.set(from, `import ${JSON.stringify(specifier)};\n`);
  }
  for (const [file, text] of files) {
    mkdirSync(join(folder, dirname(file)), { recursive: true });
    writeFileSync(join(folder, file), text);
  }
  const rooms = [...new Set([...files.keys()].map((file) => normalize(file).split("/")[0] ?? ""))];
  const { stdout, stderr } = spawnSync(CRUISER, ["--config", ".dependency-cruiser.mjs", ...rooms], {
    cwd: folder,
    encoding: "utf8",
    env: { ...process.env, NO_COLOR: "1" },
  });
  report = stdout + stderr;
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** The lines of the report about the one import of a file. */
function findings(from: string): string {
  const lines = report.split("\n");
  return lines.filter((line) => line.includes(`: ${from} →`)).join("\n");
}

describe("of the import rules", () => {
  it.each(FORBIDDEN)("%s may not import %s", (from, _to, rule) => {
    expect(findings(from)).toContain(rule);
  });

  it.each(ALLOWED)("%s may import %s", (from) => {
    expect(findings(from)).toBe("");
  });
});
