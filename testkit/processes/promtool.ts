import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const PROGRAM = join(import.meta.dirname, "../../.tools/prometheus/promtool");

/** Whether Prometheus' own tool is here. */
export const hasPromtool = existsSync(PROGRAM);

/** A time series, one value a minute, in promtool's notation: `0x10 1+1x4`. */
export type Series = Readonly<Record<string, string>>;

/** What promtool says of the rules of a PrometheusRule; empty where they are valid. */
export function checkRules(spec: unknown): string {
  return withFolder((folder) => {
    const file = join(folder, "rules.json");
    writeFileSync(file, JSON.stringify(spec));
    return promtool(["check", "rules", "--lint-fatal", file]);
  });
}

/** What an alert is computed from, one value a minute, and whether it fires at a minute. */
export interface AlertCase {
  readonly series: Series;
  readonly minute: number;
  readonly fires: boolean;
}

/** What promtool says where an alert is other than a case says; empty where all are as they say. */
export function testRules(spec: unknown, alert: string, cases: readonly AlertCase[]): string {
  const alerts = `ALERTS{alertname="${alert}",alertstate="firing"}`;
  const tests = cases.map(({ series, minute, fires }) => ({
    interval: "1m",
    input_series: Object.entries(series).map(([name, values]) => ({ series: name, values })),
    promql_expr_test: [
      {
        expr: `clamp_max(count(${alerts}) or vector(0), 1)`,
        eval_time: `${minute}m`,
        exp_samples: [{ labels: "{}", value: Number(fires) }],
      },
    ],
  }));
  return withFolder((folder) => {
    writeFileSync(join(folder, "rules.json"), JSON.stringify(spec));
    const file = join(folder, "tests.json");
    const unitTests = { rule_files: ["rules.json"], evaluation_interval: "1m", tests };
    writeFileSync(file, JSON.stringify(unitTests));
    return promtool(["test", "rules", file]);
  });
}

/** What it complains of. */
function promtool(args: readonly string[]): string {
  const { status, stdout, stderr, error } = spawnSync(PROGRAM, args, { encoding: "utf8" });
  if (error) throw error;
  return status === 0 ? "" : `${stdout}${stderr}`;
}

function withFolder<T>(use: (folder: string) => T): T {
  const folder = mkdtempSync(join(tmpdir(), "fleet-promtool-"));
  try {
    return use(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}
