import { spawnSync } from "node:child_process";
import { cpSync, existsSync, globSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ACCEPTED } from "../../testkit/checkers/accepted-findings.ts";
import { Engine, hasEngine } from "../../testkit/pulumi/engine.ts";
import { EVERYTHING_PROGRAM } from "../../testkit/pulumi/programs.ts";
import type { Findings } from "../part.ts";
import { ROOT } from "../test-run.ts";

const CHECKOV = join(ROOT, ".tools/checkov/checkov/bin/checkov");
const KUBE_SCORE = join(ROOT, ".tools/kube-score/kube-score");
const VERSION = join(ROOT, ".tools/kube-score/version");

const LARGEST_REPORT_BYTES = 2 ** 28;

/** What one of the checkers says of one object. */
interface Finding {
  /** The checker, and the name of its rule. */
  readonly rule: string;
  readonly about: string;
  readonly object: string;
}

/** One of each component with everything switched on, as two checkers of other people judge their manifests. */
export async function run(say: (text: string) => void): Promise<Findings> {
  if (!hasEngine) throw new Error("there is no Pulumi engine: run make .tools/pulumi/parts.json");
  for (const program of [CHECKOV, KUBE_SCORE]) {
    if (!existsSync(program)) throw new Error(`there is no ${program}: run make proof`);
  }
  // checkov looks into no folder below one whose name begins with a dot, as an engine's does, and then finds nothing.
  const folder = mkdtempSync(join(tmpdir(), "mcp-fleet-manifests-"));
  try {
    await render(folder);
    const files = globSync(join(folder, "**/*.yaml"));
    say(`${files.length} manifests`);
    const findings = [...byCheckov(folder, files), ...byKubeScore(files)];
    say(`${findings.length} findings`);
    return {
      setup: `${files.length} manifests, checkov ${outputOf(CHECKOV, ["--version"]).trim()}, kube-score ${readFileSync(VERSION, "utf8").trim()}`,
      columns: ["Rule", "What it is about", "Findings", "Where", "Why it stays"],
      rows: rowsOf(findings),
    };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

async function render(folder: string): Promise<void> {
  const engine = await Engine.checked(EVERYTHING_PROGRAM);
  try {
    await engine.up();
    cpSync(join(engine.folder, "manifests"), folder, { recursive: true });
  } finally {
    engine.remove();
  }
}

/** One row of each rule that found something, or may find something. */
function rowsOf(findings: readonly Finding[]): Findings["rows"] {
  const rules = [...new Set([...findings.map(({ rule }) => rule), ...Object.keys(ACCEPTED)])];
  const rows = rules.toSorted().map((rule) => {
    const found = findings.filter((finding) => finding.rule === rule);
    const objects = [...new Set(found.map(({ object }) => object))].toSorted();
    const { on, reason } = ACCEPTED[rule] ?? {};
    const others = objects.filter((object) => reason === undefined || on?.test(object) === false);
    const where = others.length > 0 ? others : objects;
    const cells = [
      rule,
      found[0]?.about ?? "–",
      String(found.length),
      shortened(where),
      reason ?? "**nobody has said why**",
    ];
    // A reason without a finding is out of date.
    return { cells, holds: others.length === 0 && found.length > 0 };
  });
  const none = { cells: ["every rule", "–", "0", "–", "–"], holds: true };
  return rows.length > 0 ? rows : [none];
}

function shortened(objects: readonly string[]): string {
  const shown = objects.slice(0, 4).join(", ");
  return objects.length > 4 ? `${shown} and ${objects.length - 4} more` : shown;
}

/** @throws it has not looked at all of them. */
function byCheckov(folder: string, files: readonly string[]): Finding[] {
  const options = ["--framework", "kubernetes", "--quiet", "--soft-fail", "--skip-download"];
  const report: unknown = JSON.parse(
    outputOf(CHECKOV, ["--directory", folder, ...options, "--output", "json"]),
  );
  const { results, summary } = Object(report);
  const seen = Number(Object(summary).resource_count ?? 0);
  if (seen < files.length) {
    throw new Error(`checkov has looked at ${seen} of ${files.length} manifests`);
  }
  const failed: unknown = Object(results).failed_checks;
  return (Array.isArray(failed) ? failed : []).map((check) => ({
    rule: `checkov ${check.check_id}`,
    about: String(check.check_name),
    object: objectOf(String(check.resource)),
  }));
}

/** `Deployment.gateways.eng-gateway` as checkov calls it; of the pods of a template it repeats the labels. */
function objectOf(resource: string): string {
  const [kind = "", , name = ""] = resource.split(".");
  return `${kind} ${name}`;
}

function byKubeScore(files: readonly string[]): Finding[] {
  const objects: unknown = JSON.parse(
    outputOf(KUBE_SCORE, ["score", "--output-format", "json", ...files]),
  );
  return (Array.isArray(objects) ? objects : []).flatMap((object) =>
    Object(object)
      .checks.filter(({ grade, skipped }: { grade: number; skipped: boolean }) => {
        return !skipped && grade < ALL_OK;
      })
      .map(({ check }: { check: { id: string; name: string } }) => ({
        rule: `kube-score ${check.id}`,
        about: check.name,
        object: `${object.type_meta.kind} ${object.object_meta.name}`,
      })),
  );
}

/** The best of kube-score's grades. */
const ALL_OK = 10;

/** What a checker prints; it may end with a fault where it finds something. */
function outputOf(program: string, args: readonly string[]): string {
  const { stdout, stderr, error } = spawnSync(program, args, {
    encoding: "utf8",
    maxBuffer: LARGEST_REPORT_BYTES,
  });
  if (error !== undefined) throw error;
  if (stdout.trim() === "") throw new Error(`${program} says nothing:\n${stderr}`);
  return stdout;
}
