import { type Dirent, readdirSync, readFileSync, readSync, statSync } from "node:fs";
import { join } from "node:path";
import { type Fault, fault, formatBytes } from "@mcp-fleet/contract";

/** How much an import reads. Each has a fault of its own. */
export const IMPORT_LIMITS = {
  /** Files of all paths together. */
  files: 2_000,
  /** Bytes of one file, and of the standard input. */
  fileBytes: 4 * 1024 * 1024,
  /** Bytes of all files together. */
  totalBytes: 64 * 1024 * 1024,
  /** Documents and entries of Lists, of all files together. */
  resources: 10_000,
  /** Uses of aliases in a document. */
  aliases: 100,
  /** Maps and lists inside each other. */
  depth: 64,
} as const;

/** A file's text. */
export interface SourceFile {
  readonly path: string;
  readonly text: string;
}

const EXTENSIONS = /\.(?:ya?ml|json)$/i;

/** Reads files, the YAML and JSON files of folders, and `-`, the standard input. */
export class SourceReader {
  readonly files: SourceFile[] = [];
  readonly faults: Fault[] = [];
  #bytes = 0;

  constructor(paths: readonly string[]) {
    for (const path of paths) this.#attempt(path, () => this.#path(path));
    if (this.files.length === 0 && this.faults.length === 0) {
      const rule = "must have a file that ends with .yaml, .yml or .json";
      this.#add(paths.join(", "), rule, "name the folder or file with the resources");
    }
  }

  #path(path: string): void {
    if (path === "-") {
      this.#keep("-", readInput());
      return;
    }
    const found = statSync(path);
    if (found.isDirectory()) this.#folder(path);
    else if (found.isFile()) this.#file(path, found.size);
    else this.#add(path, "must be a file or a folder", "name one, or - for the standard input");
  }

  #folder(folder: string): void {
    const entries = readdirSync(folder, { withFileTypes: true });
    for (const entry of entries.toSorted(byName)) {
      const path = join(folder, entry.name);
      if (entry.name.startsWith(".") || entry.name === "node_modules") continue;
      this.#attempt(path, () => {
        if (entry.isDirectory()) this.#folder(path);
        else if (entry.isFile() && EXTENSIONS.test(entry.name)) {
          this.#file(path, statSync(path).size);
        }
      });
    }
  }

  #file(path: string, sizeBytes: number): void {
    if (sizeBytes > IMPORT_LIMITS.fileBytes) this.#tooLarge(path);
    else this.#keep(path, readFileSync(path));
  }

  #keep(path: string, content: Buffer): void {
    if (content.length > IMPORT_LIMITS.fileBytes) {
      this.#tooLarge(path);
    } else if (this.files.length >= IMPORT_LIMITS.files) {
      this.#once(`must be among the first ${IMPORT_LIMITS.files} files`, path);
    } else if (this.#bytes + content.length > IMPORT_LIMITS.totalBytes) {
      this.#once(`must fit into ${formatBytes(IMPORT_LIMITS.totalBytes)} of all files`, path);
    } else {
      this.#bytes += content.length;
      this.files.push({ path, text: content.toString("utf8") });
    }
  }

  #attempt(path: string, read: () => void): void {
    try {
      read();
    } catch (error) {
      if (!(error instanceof Error && "code" in error)) throw error;
      const fix = error.code === "ENOENT" ? "check its path" : "let this user read it";
      this.#add(path, `must be a file or folder that can be read (${error.code})`, fix);
    }
  }

  #tooLarge(path: string): void {
    const rule = `must have at most ${formatBytes(IMPORT_LIMITS.fileBytes)}`;
    this.#add(path, rule, "split it, or import only the files with the resources of ToolHive");
  }

  /** The first file beyond a limit of all files stands for the others. */
  #once(rule: string, path: string): void {
    if (this.faults.some((found) => found.rule === rule)) return;
    this.#add(path, rule, "import fewer files at a time");
  }

  #add(path: string, rule: string, fix: string): void {
    this.faults.push(fault([path], undefined, rule, fix));
  }
}

const byName = (one: Dirent, other: Dirent) => (one.name < other.name ? -1 : 1);

/** What the standard input has, up to one byte more than a file may have. */
function readInput(): Buffer {
  const most = IMPORT_LIMITS.fileBytes + 1;
  const buffer = Buffer.alloc(most);
  for (let length = 0; ; ) {
    const read = readSync(0, buffer, length, most - length, null);
    length += read;
    if (read === 0 || length === most) return buffer.subarray(0, length);
  }
}
