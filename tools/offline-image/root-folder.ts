import {
  chmodSync,
  copyFileSync,
  lstatSync,
  lutimesSync,
  mkdirSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { basename, dirname, join } from "node:path";

import { ARCHITECTURES, type Architecture } from "./architecture.ts";
import type { DebianPackages, PackagedFile } from "./debian-packages.ts";
import { readElf } from "./elf.ts";

const USER_EXECUTES = 0o100;

/**
 * A root file system in a folder: programs, with the libraries that they need and nothing else. Of each Debian package that
 * a file comes from, its licences are there, and in var/lib/dpkg/status.d what scanners for vulnerable packages read.
 */
export class RootFolder {
  readonly #folder: string;
  readonly #libraries: string;
  readonly #packages: DebianPackages;

  /** Whatever is in the folder goes. */
  constructor(folder: string, architecture: Architecture, packages: DebianPackages) {
    rmSync(folder, { recursive: true, force: true });
    this.#folder = folder;
    this.#libraries = join("lib", ARCHITECTURES[architecture].libraries);
    this.#packages = packages;
  }

  /** Copies a program from anywhere, with its libraries and its loader. */
  addProgram(from: string, to: string): void {
    const { interpreter, needed } = readElf(from);
    this.#copy(from, to);
    for (const name of needed) this.#addLibrary(name);
    if (interpreter === undefined) return;
    this.#addLibrary(basename(interpreter));
    if (!this.#has(interpreter)) {
      this.link(interpreter, join("/", this.#libraries, basename(interpreter)));
    }
  }

  /** Copies a packaged program to usr/bin, under its own name unless another one is given. */
  addPackagedProgram(name: string, as = name): void {
    const file = this.#packages.program(name);
    this.addProgram(file.path, join("usr/bin", as));
    this.#name(file.package);
  }

  /** Copies a packaged file, to the same path unless another one is given. */
  addPackagedFile(path: string, to = path): void {
    this.#addPackaged(this.#packages.file(path), to);
  }

  addFile(from: string, to: string): void {
    this.#copy(from, to);
  }

  link(path: string, target: string): void {
    symlinkSync(target, this.#parentOf(path));
  }

  write(path: string, text: string): void {
    writeFileSync(this.#parentOf(path), text);
  }

  /** Users and groups by name; each user's group has its name and number. */
  writeUsers(users: Readonly<Record<string, number>>): void {
    const lines = (line: (name: string, id: number) => string) =>
      Object.entries(users)
        .map(([name, id]) => `${line(name, id)}\n`)
        .join("");
    this.write(
      "etc/passwd",
      lines((name, id) => `${name}:x:${id}:${id}::/nonexistent:/usr/sbin/nologin`),
    );
    this.write(
      "etc/group",
      lines((name, id) => `${name}:x:${id}:`),
    );
  }

  #addLibrary(name: string): void {
    const to = join(this.#libraries, name);
    if (this.#has(to)) return;
    const library = this.#packages.library(name);
    this.#addPackaged(library, to);
    for (const other of readElf(library.path).needed) this.#addLibrary(other);
  }

  #addPackaged(file: PackagedFile, to: string): void {
    this.#copy(file.path, to);
    this.#name(file.package);
  }

  /** Says which package is there, and under which licences. */
  #name(packageName: string): void {
    this.#copy(this.#packages.control(packageName), join("var/lib/dpkg/status.d", packageName));
    const documents = join("usr/share/doc", packageName);
    this.#copy(this.#packages.copyright(packageName), join(documents, "copyright"));
  }

  #copy(from: string, to: string): void {
    copyFileSync(from, this.#parentOf(to));
  }

  #has(path: string): boolean {
    return lstatSync(join(this.#folder, path), { throwIfNoEntry: false }) !== undefined;
  }

  /** The path in the folder, whose parent is there. */
  #parentOf(path: string): string {
    const full = join(this.#folder, path);
    mkdirSync(dirname(full), { recursive: true });
    return full;
  }
}

/** Gives a tree the same modes and times wherever and whenever it was made: the same files make the same image. */
export function settle(path: string): void {
  const entry = lstatSync(path);
  if (entry.isDirectory()) for (const name of readdirSync(path)) settle(join(path, name));
  if (!entry.isSymbolicLink()) {
    chmodSync(path, entry.isDirectory() || entry.mode & USER_EXECUTES ? 0o755 : 0o644);
  }
  lutimesSync(path, 0, 0);
}
