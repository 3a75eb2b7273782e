import { spawnSync } from "node:child_process";
import {
  cpSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";

import type { Findings } from "../part.ts";
import { ROOT } from "../test-run.ts";

const PROGRAMS = join(ROOT, "examples/programs");
const TOOLCHAIN = join(ROOT, ".tools/pulumi");

/** An argument of every program, and what nobody calls it. */
const RENAMED = ["Sessions:", "Session5:"] as const;

/** Each program in Go, compiled with the SDK that `pulumi package gen-sdk` makes of the schema, as it is and with one argument renamed. */
export async function run(say: (text: string) => void): Promise<Findings> {
  const folder = mkdtempSync(join(tmpdir(), "mcp-fleet-go-"));
  try {
    for (const file of ["go.mod", "go.sum"])
      cpSync(join(ROOT, "proof/go", file), join(folder, file));
    generate(folder);
    say("the SDK is generated");
    const rows = globSync("*/main.go", { cwd: PROGRAMS })
      .toSorted()
      .map((file) => {
        const text = readFileSync(join(PROGRAMS, file), "utf8");
        const faults = vetted(folder, text);
        const renamed = vetted(folder, text.replace(...RENAMED));
        say(file);
        const cells = [file, faults || "none", renamed];
        return { cells, holds: faults === "" && renamed.includes("unknown field Session5") };
      });
    return {
      setup: said("go", ["version"], folder).trim(),
      columns: [
        "Program",
        "Faults",
        `Faults with ${RENAMED.toReversed().join(" in the place of ")}`,
      ],
      rows,
    };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function generate(folder: string): void {
  const args = ["package", "gen-sdk", join(ROOT, "infra/schema.json"), "--language", "go"];
  said(join(TOOLCHAIN, "pulumi"), [...args, "--out", join(folder, "generated")], folder);
  cpSync(join(folder, "generated/go/mcpfleet"), join(folder, "sdk"), { recursive: true });
  const [, version] =
    /pulumi\/sdk\/v3 (v\S+)/.exec(readFileSync(join(folder, "go.mod"), "utf8")) ?? [];
  const module = "module github.com/mcp-fleet/mcp-fleet/sdk/go/mcp-fleet\n\ngo 1.26\n";
  const required = `\nrequire github.com/pulumi/pulumi/sdk/v3 ${version}\n`;
  writeFileSync(join(folder, "sdk/go.mod"), module + required);
}

/** What the compiler says of a program, without the paths; nothing where it is right. */
function vetted(folder: string, program: string): string {
  mkdirSync(join(folder, "program"), { recursive: true });
  writeFileSync(join(folder, "program/main.go"), program);
  const { stderr, status } = spawnSync("go", ["vet", "./program"], {
    cwd: folder,
    encoding: "utf8",
  });
  if (status === 0) return "";
  const [first = stderr] = stderr.split("\n").filter((line) => line.includes("main.go"));
  return first.replace(/^.*main\.go:/, "line ");
}

/** @throws it fails. */
function said(program: string, args: readonly string[], folder: string): string {
  const { stdout, stderr, status } = spawnSync(program, args, {
    cwd: folder,
    encoding: "utf8",
    env: {
      ...process.env,
      PATH: [TOOLCHAIN, dirname(process.execPath), process.env.PATH].join(delimiter),
      PULUMI_HOME: join(folder, ".home"),
      PULUMI_SKIP_UPDATE_CHECK: "true",
    },
  });
  if (status !== 0) throw new Error(`${program} ${args.join(" ")}: ${stderr}${stdout}`);
  return stdout;
}
