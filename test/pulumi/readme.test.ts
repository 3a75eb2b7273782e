import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { Engine, hasEngine, REPOSITORY } from "../../testkit/pulumi/engine.ts";

const README = join(import.meta.dirname, "../../README.md");
const MARKS = /<!-- BEGIN preview -->[\s\S]*?<!-- END preview -->/;

/** What a preview says of each component, as the README shows it. */
function diagnostics(stdout: string): string {
  const lines = stdout.split("\n").map((line) => line.trim());
  const ofComponents = lines.filter((line) =>
    /^(?:gateway|proxies of|server|store) \w+/.test(line),
  );
  const plain = ofComponents.map((line) => line.replace(/; the output .*/, ""));
  return ["```", ...[...new Set(plain)].sort(), "```"].join("\n");
}

test.skipIf(!hasEngine)(
  "the program in the README previews as the README says (UPDATE_README=1 writes it)",
  async () => {
    const page = readFileSync(README, "utf8");
    const program = /```ts\n(import [\s\S]*?)```/.exec(page)?.[1] ?? "";
    const engine = await Engine.typescript(
      program.replace('"mcp-fleet"', `"${REPOSITORY}/infra/index.ts"`),
      { config: { "kubernetes:renderYamlToDirectory": "manifests" } },
    );
    const { code, stdout, stderr } = await engine.preview();
    expect(code, stderr).toBe(0);
    const shown = `<!-- BEGIN preview -->\n\n${diagnostics(stdout)}\n\n<!-- END preview -->`;
    if (process.env.UPDATE_README === "1") writeFileSync(README, page.replace(MARKS, shown));
    expect(readFileSync(README, "utf8")).toContain(shown);
    engine.remove();
  },
  180_000,
);
