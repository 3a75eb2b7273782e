import { spawn } from "node:child_process";
import { once } from "node:events";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { delimiter, dirname, join } from "node:path";

import { stringify } from "yaml";

const ROOT = join(import.meta.dirname, "../..");
const TOOLCHAIN = join(ROOT, ".tools/pulumi");
// Below the repository, so that a program finds the packages that are installed there.
const WORKSPACES = join(ROOT, ".cache/pulumi");
const STACK = "test";

/** `make test` gets an engine where it can; without one, these tests are skipped by name, or fail in CI. */
export const hasEngine = existsSync(join(TOOLCHAIN, "parts.json"));

if (!hasEngine && process.env.FLEET_REQUIRE_ALL === "1") {
  throw new Error("there is no Pulumi engine to test with: run make .tools/pulumi/pulumi");
}

/** Whose a part of the engine is: the vendor's, built here from the vendor's source, or one of this folder's. */
export type Origin = "vendor" | "built" | "stand-in" | "missing";

/** The parts by name: `cli`, `nodejs host`, `yaml host`, `python host`, `kubernetes provider`, `random provider`. */
export const parts: { readonly [name: string]: Origin } = hasEngine
  ? JSON.parse(readFileSync(join(TOOLCHAIN, "parts.json"), "utf8"))
  : {};

/** The import path of the repository's root from a program, without a slash at its end. */
export const REPOSITORY = "../../..";

if (hasEngine) {
  const each = Object.entries(parts).map(([name, origin]) => `${name}: ${origin}`);
  process.stdout.write(`Pulumi engine: ${each.join(", ")}\n`);
}

/** Whether a folder is of a process that has ended: one that failed, or was killed, has not removed it. */
function isLeft(name: string): boolean {
  const [, pid] = /^run-(\d+)-/.exec(name) ?? [];
  if (pid === undefined) return false;
  try {
    return !process.kill(Number(pid), 0);
  } catch {
    return true;
  }
}

/** How a command of the CLI ended. */
export interface Run {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** What the engine means to do with one resource. */
export interface Step {
  /** `create`, `update`, `same`, `delete`, `replace`, `create-replacement`, `delete-replaced`... */
  readonly op: string;
  readonly urn: string;
  readonly replaceReasons?: readonly string[];
  readonly diffReasons?: readonly string[];
  readonly detailedDiff?: { readonly [path: string]: { readonly kind: string } } | null;
  readonly newState?: ResourceState;
  readonly oldState?: ResourceState;
}

export interface ResourceState {
  readonly urn: string;
  readonly type: string;
  readonly id?: string;
  readonly parent?: string;
  readonly inputs?: { readonly [name: string]: unknown };
  readonly outputs?: { readonly [name: string]: unknown };
}

export interface Preview extends Run {
  readonly steps: readonly Step[];
}

/** A project: what its Pulumi.yaml says, beside `name`, and the files beside it. */
export interface Project {
  readonly settings: { readonly [name: string]: unknown };
  readonly files?: { readonly [path: string]: string };
  /** The stack's configuration: `{ "project:key": value }`; the project's name is `test`. */
  readonly config?: { readonly [name: string]: unknown };
  /** A cluster for the default provider. Without it there is none, whatever the machine has. */
  readonly kubeconfig?: string;
}

/** The real Pulumi engine over one project with one stack, with a home and a state of its own. */
export class Engine {
  /** Where Pulumi.yaml is, and what a program sees as its working folder. */
  readonly folder: string;
  readonly #kubeconfig: string;

  private constructor(kubeconfig: string) {
    mkdirSync(WORKSPACES, { recursive: true });
    for (const name of readdirSync(WORKSPACES)) {
      if (isLeft(name)) rmSync(join(WORKSPACES, name), { recursive: true, force: true });
    }
    this.folder = mkdtempSync(join(WORKSPACES, `run-${process.pid}-`));
    this.#kubeconfig = kubeconfig;
  }

  static async start(project: Project): Promise<Engine> {
    const engine = new Engine(project.kubeconfig ?? join(ROOT, "no-kubeconfig"));
    mkdirSync(join(engine.folder, ".state"));
    engine.write("Pulumi.yaml", stringify({ name: "test", ...project.settings }));
    engine.configure(project.config ?? {});
    for (const [path, text] of Object.entries(project.files ?? {})) engine.write(path, text);
    await engine.succeed(["stack", "init", STACK]);
    return engine;
  }

  /** A program in TypeScript whose types Pulumi checks. It imports the repository's modules from `REPOSITORY`. */
  static typescript(program: string, project: Partial<Project> = {}): Promise<Engine> {
    const tsconfig = {
      extends: `${REPOSITORY}/tsconfig.json`,
      include: ["*.ts"],
      "ts-node": { files: true },
    };
    return Engine.start({
      ...project,
      settings: { runtime: "nodejs", main: "main.ts", ...project.settings },
      files: { "tsconfig.json": JSON.stringify(tsconfig), "main.ts": program, ...project.files },
    });
  }

  /** The same, run by Node as it is: what `tsc` has checked in this repository needs no second look each time. */
  static checked(program: string, project: Partial<Project> = {}): Promise<Engine> {
    const runtime = { name: "nodejs", options: { typescript: false } };
    return Engine.start({
      ...project,
      settings: { runtime, main: "main.ts", ...project.settings },
      files: { "main.ts": program, ...project.files },
    });
  }

  /** A program in Pulumi YAML: `resources`, `variables`, `outputs`, `packages`. */
  static yaml(program: Project["settings"], project: Partial<Project> = {}): Promise<Engine> {
    return Engine.start({ ...project, settings: { runtime: "yaml", ...program } });
  }

  /** Writes a file of the project, or another text into one. */
  write(path: string, text: string): void {
    const file = join(this.folder, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
  }

  /** The text of a file of the project. */
  read(path: string): string {
    return readFileSync(join(this.folder, path), "utf8");
  }

  /** Sets the whole configuration of the stack: `{ "test:sessions": 1000 }`. */
  configure(config: { readonly [name: string]: unknown }): void {
    const path = join(this.folder, `Pulumi.${STACK}.yaml`);
    const before = existsSync(path) ? readFileSync(path, "utf8") : "";
    const salt = /^encryptionsalt: .*$/m.exec(before)?.[0] ?? "";
    writeFileSync(path, `${salt}\n${stringify({ config })}`);
  }

  /** Fails where the preview does: look at `code`. */
  preview(...options: string[]): Promise<Run> {
    return this.run(["preview", ...options]);
  }

  /** The steps that a preview foresees. */
  async plan(...options: string[]): Promise<Preview> {
    const run = await this.run(["preview", "--json", ...options]);
    const start = run.stdout.indexOf("{");
    const report = start < 0 ? {} : JSON.parse(run.stdout.slice(start));
    return { ...run, steps: report.steps ?? [] };
  }

  /** Without the preview that the CLI would run first. An `up` that fails is an error with its output. */
  up(...options: string[]): Promise<Run> {
    return this.succeed(["up", "--yes", "--skip-preview", ...options]);
  }

  destroy(...options: string[]): Promise<Run> {
    return this.succeed(["destroy", "--yes", "--skip-preview", ...options]);
  }

  /** The resources of the stack's state, with secrets as they are stored: encrypted. */
  async resources(): Promise<readonly ResourceState[]> {
    const { stdout } = await this.succeed(["stack", "export"]);
    return JSON.parse(stdout).deployment.resources ?? [];
  }

  /** The stack's outputs, secrets in plain text. */
  async outputs(): Promise<{ readonly [name: string]: unknown }> {
    const { stdout } = await this.succeed(["stack", "output", "--json", "--show-secrets"]);
    return JSON.parse(stdout);
  }

  /** Runs `pulumi` with these arguments. */
  async run(args: readonly string[]): Promise<Run> {
    const child = spawn(
      join(TOOLCHAIN, "pulumi"),
      [...args, "--non-interactive", "--color", "never"],
      { cwd: this.folder, env: this.#environment(), stdio: ["ignore", "pipe", "pipe"] },
    );
    const ended = once(child, "close");
    const output = [child.stdout, child.stderr].map((stream) =>
      stream.setEncoding("utf8").toArray(),
    );
    const [stdout = [], stderr = []] = await Promise.all(output);
    const [code] = await ended;
    return { code: Number(code ?? 1), stdout: stdout.join(""), stderr: stderr.join("") };
  }

  /** As `run`; a command that fails is an error with its output. */
  async succeed(args: readonly string[]): Promise<Run> {
    const run = await this.run(args);
    if (run.code === 0) return run;
    throw new Error(`pulumi ${args.join(" ")} ended with ${run.code}:\n${run.stdout}${run.stderr}`);
  }

  /** Forgets the project and its state. What it has made in a cluster stays: destroy it first. */
  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }

  #environment(): NodeJS.ProcessEnv {
    const foreign = Object.entries(process.env).filter(([name]) => !name.startsWith("PULUMI_"));
    return {
      ...Object.fromEntries(foreign),
      PATH: [TOOLCHAIN, dirname(process.execPath), process.env.PATH].join(delimiter),
      KUBECONFIG: this.#kubeconfig,
      PULUMI_HOME: join(this.folder, ".home"),
      PULUMI_BACKEND_URL: `file://${join(this.folder, ".state")}`,
      PULUMI_CONFIG_PASSPHRASE: "test",
      PULUMI_SKIP_UPDATE_CHECK: "true",
      PULUMI_SKIP_CONFIRMATIONS: "true",
      PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "true",
      PULUMI_DISABLE_REGISTRY_RESOLVE: "true",
    };
  }
}
