import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { ROOT } from "./test-run.ts";

/** What of a tree is run. */
const PARTS = ["contract", "runtime", "infra", "testkit/pulumi/programs"] as const;

/** The tree of another commit in a folder of its own, with the packages of this one. */
export class OtherBuild {
  readonly commit: string;
  readonly #folder = mkdtempSync(join(tmpdir(), "mcp-fleet-build-"));

  constructor(commit: string) {
    this.commit = commit;
    const archive = execFileSync("git", ["archive", commit, ...PARTS], {
      cwd: ROOT,
      maxBuffer: 2 ** 28,
    });
    execFileSync("tar", ["-x", "-C", this.#folder], { input: archive });
    const packages = join(ROOT, "node_modules");
    const own = join(this.#folder, "node_modules");
    mkdirSync(join(own, "@mcp-fleet"), { recursive: true });
    for (const name of readdirSync(packages)) {
      if (name !== "@mcp-fleet") symlinkSync(join(packages, name), join(own, name));
    }
    symlinkSync(join(this.#folder, "contract"), join(own, "@mcp-fleet/contract"));
  }

  /** The commit that `FROM` names, or else the last release. @throws nothing is tagged, and nothing is named. */
  static get named(): string {
    const named = process.env.FROM ?? "";
    const tags = git("tag", "--merged", "HEAD", "--sort=-creatordate").split("\n");
    const name = named === "" ? (tags[0] ?? "") : named;
    if (name === "") {
      throw new Error("no tag says what the last release was: name a commit, FROM=COMMIT");
    }
    try {
      return git("rev-parse", "--verify", "--quiet", "--short=10", `${name}^{commit}`);
    } catch (cause) {
      throw new Error(`FROM=${name} is no commit here`, { cause });
    }
  }

  /** The file of its command. */
  get main(): string {
    return join(this.#folder, "runtime/cli/main.ts");
  }

  /** The module of its components. */
  get components(): string {
    return join(this.#folder, "infra/index.ts");
  }

  /** The text of one of its programs for the engine. */
  program(name: string): string {
    return readFileSync(join(this.#folder, "testkit/pulumi/programs", `${name}.ts`), "utf8");
  }

  remove(): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

function git(...args: readonly string[]): string {
  return execFileSync("git", args, { cwd: ROOT, encoding: "utf8" }).trim();
}
