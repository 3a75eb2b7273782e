import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readlinkSync, statSync, writeFileSync } from "node:fs";
import { basename, join, resolve } from "node:path";

import { ARCHITECTURES, type Architecture } from "./architecture.ts";

/** A file of a package, where it is unpacked. */
export interface PackagedFile {
  readonly package: string;
  readonly path: string;
}

/**
 * Packages of the Debian-like system that this runs on, with all that they depend on, each unpacked into a folder of its
 * own. Nothing is installed, and no root is needed: apt gets lists of its own, as if nothing were there.
 */
export class DebianPackages {
  readonly #unpacked: string;
  readonly #controls: string;
  readonly #libraryFolders: readonly string[];

  private constructor(folder: string, architecture: Architecture) {
    this.#unpacked = join(folder, "unpacked");
    this.#controls = join(folder, "controls");
    const { libraries } = ARCHITECTURES[architecture];
    const subfolders = [`lib/${libraries}`, "lib64", "lib"];
    this.#libraryFolders = subfolders.flatMap((name) => [name, `usr/${name}`]);
  }

  /**
   * Gets packages into the folder, once: what is there is taken as it is.
   *
   * @throws {Error} where there is no apt or dpkg, or what they say when they fail.
   */
  static get(folder: string, architecture: Architecture, names: readonly string[]): DebianPackages {
    // What apt is told relatively, it looks for in the root.
    const absolute = resolve(folder);
    const packages = new DebianPackages(absolute, architecture);
    const complete = join(absolute, "complete");
    if (!existsSync(complete)) {
      const archives = download(absolute, architecture, names);
      for (const archive of archives) packages.#unpack(archive);
      writeFileSync(complete, "");
    }
    return packages;
  }

  /**
   * The file at this path of an installed system, of whichever package has it.
   *
   * @throws {Error} where none has.
   */
  file(path: string): PackagedFile {
    const found = this.#find([path]);
    if (found === undefined) throw new Error(`no package has ${path}`);
    return found;
  }

  /**
   * The program of this name.
   *
   * @throws {Error} where no package has it.
   */
  program(name: string): PackagedFile {
    const found = this.#find([join("usr/bin", name), join("bin", name)]);
    if (found === undefined) throw new Error(`no package has the program ${name}`);
    return found;
  }

  /**
   * The library of this name.
   *
   * @throws {Error} where no package has it.
   */
  library(name: string): PackagedFile {
    const found = this.#find(this.#libraryFolders.map((folder) => join(folder, name)));
    if (found === undefined) throw new Error(`no package has the library ${name}`);
    return found;
  }

  /** The path of what Debian knows about a package: name, version, source. */
  control(name: string): string {
    return join(this.#controls, name);
  }

  /** The path of a package's licences; some packages point to another one's. */
  copyright(name: string): string {
    const folder = join("usr/share/doc", name);
    const documents = join(this.#unpacked, name, folder);
    const isLink = statSync(documents, { throwIfNoEntry: false }) === undefined;
    const owner = isLink ? basename(readlinkSync(documents)) : name;
    return this.file(join("usr/share/doc", owner, "copyright")).path;
  }

  #find(paths: readonly string[]): PackagedFile | undefined {
    for (const name of readdirSync(this.#unpacked).sort()) {
      for (const path of paths) {
        const candidate = join(this.#unpacked, name, path);
        const found = statSync(candidate, { throwIfNoEntry: false });
        if (found?.isFile()) return { package: name, path: candidate };
      }
    }
    return undefined;
  }

  #unpack(archive: string): void {
    const [name = ""] = basename(archive).split("_");
    mkdirSync(this.#controls, { recursive: true });
    mkdirSync(this.#unpacked, { recursive: true });
    run("dpkg-deb", "-x", archive, join(this.#unpacked, name));
    writeFileSync(this.control(name), run("dpkg-deb", "-f", archive));
  }
}

/** The paths of the packages' archives, those included that they depend on. */
function download(folder: string, architecture: Architecture, names: readonly string[]): string[] {
  const archives = join(folder, "cache/archives");
  for (const path of [join(folder, "state/lists/partial"), join(archives, "partial")]) {
    mkdirSync(path, { recursive: true });
  }
  const nothingInstalled = join(folder, "status");
  writeFileSync(nothingInstalled, "");
  const options = {
    "Dir::State": join(folder, "state"),
    "Dir::State::status": nothingInstalled,
    "Dir::Cache": join(folder, "cache"),
    "APT::Architecture": architecture,
    "APT::Architectures": architecture,
    "APT::Sandbox::User": "",
    "Debug::NoLocking": "1",
  };
  const settings = Object.entries(options).flatMap(([key, value]) => ["-o", `${key}=${value}`]);
  const apt = (...args: string[]) => run("apt-get", "-qq", ...settings, ...args);
  apt("update");
  apt("--yes", "--download-only", "--no-install-recommends", "install", ...names);
  return readdirSync(archives)
    .filter((name) => name.endsWith(".deb"))
    .map((name) => join(archives, name));
}

/** What a program of the system prints. */
function run(program: string, ...args: string[]): string {
  const { status, stdout, stderr, error } = spawnSync(program, args, { encoding: "utf8" });
  if (error) throw new Error(`parts of images come from Debian packages: ${error.message}`);
  if (status !== 0) throw new Error(`${program}: ${stderr.trim()}`);
  return stdout;
}
