import { basename } from "node:path";
import {
  type Fault,
  fault,
  isSection,
  type Path,
  type Section,
  valueAt,
} from "@mcp-fleet/contract";
import { type Document, isNode, LineCounter, parseAllDocuments } from "yaml";
import { GROUP, KINDS, type Resource, titleOf, VERSIONS, VMCP_FILE } from "./resource.ts";
import { IMPORT_LIMITS, type SourceFile } from "./source.ts";

/** Keys that tell a vmcp.yaml from any other file without a kind. */
const VMCP_KEYS = ["incomingAuth", "outgoingAuth", "aggregation", "groupRef", "backends"];

type PlaceOf = (path: Path) => string;

/** Turns files into resources: documents, their Lists, and vmcp.yaml files. */
export class ResourceReader {
  readonly resources: Resource[] = [];
  readonly faults: Fault[] = [];
  readonly #seen = new Map<string, Resource>();
  #count = 0;

  constructor(files: readonly SourceFile[]) {
    for (const file of files) this.#file(file);
  }

  /** Resources that are no text, such as those of a cluster. */
  add(content: unknown, origin: string): void {
    this.#document(content, origin, () => origin);
  }

  #file({ path, text }: SourceFile): void {
    const lines = new LineCounter();
    const at = (offset: number) => {
      const { line, col } = lines.linePos(offset);
      return `${path}:${line}:${col}`;
    };
    let documents: readonly Document[];
    try {
      documents = [
        ...parseAllDocuments(text, { lineCounter: lines, merge: true, prettyErrors: false }),
      ];
    } catch (error) {
      // The parser follows what is nested, as deep as its stack.
      if (!(error instanceof RangeError)) throw error;
      this.#tooDeep([path]);
      return;
    }
    for (const document of documents) {
      const broken = [...document.errors, ...document.warnings].slice(0, 10);
      for (const { code, message, pos } of broken) {
        const fix = code === "DUPLICATE_KEY" ? "keep one of the two" : "correct the YAML there";
        this.faults.push({ ...fault([path], undefined, message, fix), origin: at(pos[0]) });
      }
      if (broken.length > 0) continue;
      const placeOf = (inner: Path): string => placeIn(document, inner, at) ?? path;
      this.#document(this.#plain(document, path), path, placeOf);
    }
  }

  #plain(document: Document, path: string): unknown {
    try {
      return document.toJS({ maxAliasCount: IMPORT_LIMITS.aliases });
    } catch (error) {
      // Aliases that name nothing or grow without end.
      if (!(error instanceof ReferenceError)) throw error;
      const rule = `must have at most ${IMPORT_LIMITS.aliases} uses of aliases, each of an anchor (${error.message})`;
      this.faults.push(fault([path], undefined, rule, "write the values out instead of *alias"));
      return undefined;
    }
  }

  #document(content: unknown, origin: string, placeOf: PlaceOf): void {
    const queue: [unknown, Path][] = [[content, []]];
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
      const [value, path] = next;
      if (value === undefined || value === null) continue;
      if (++this.#count > IMPORT_LIMITS.resources) {
        const rule = `must have at most ${IMPORT_LIMITS.resources} resources together with the others`;
        if (this.#count === IMPORT_LIMITS.resources + 1) {
          this.faults.push(fault([origin], undefined, rule, "import fewer at a time"));
        }
        return;
      }
      const items = itemsOf(value);
      if (items)
        queue.push(
          ...items.map((item, index): [unknown, Path] => [item, [...path, "items", index]]),
        );
      else this.#resource(value, origin, (inner) => placeOf([...path, ...inner]));
    }
  }

  #resource(content: unknown, origin: string, placeOf: PlaceOf): void {
    if (!isSection(content)) {
      this.#fault(
        placeOf([]),
        [origin],
        content,
        "must be a map: a resource, or a vmcp.yaml",
        "remove it, or write key: value lines",
      );
    } else if (depthOf(content) > IMPORT_LIMITS.depth) {
      this.#tooDeep([origin]);
    } else if (content.kind === undefined && content.apiVersion === undefined) {
      this.#vmcpFile(content, origin, placeOf);
    } else {
      this.#kubernetes(content, origin, placeOf);
    }
  }

  #vmcpFile(content: Section, origin: string, placeOf: PlaceOf): void {
    if (!VMCP_KEYS.some((key) => key in content)) {
      const rule = `must have a kind, or be a vmcp.yaml, which has ${VMCP_KEYS.join(", ")}`;
      this.#fault(
        placeOf([]),
        [origin],
        content,
        rule,
        "leave the file out, or add what is missing",
      );
      return;
    }
    const name = typeof content.name === "string" && content.name ? content.name : nameOf(origin);
    this.#keep({ kind: VMCP_FILE, namespace: "default", name, content, isToolHive: true, placeOf });
  }

  #kubernetes(content: Section, origin: string, placeOf: PlaceOf): void {
    const { kind, apiVersion } = content;
    const name = valueAt(content, ["metadata", "name"]);
    const namespace = valueAt(content, ["metadata", "namespace"]) ?? "default";
    const needs: [Path, unknown][] = [
      [["kind"], kind],
      [["apiVersion"], apiVersion],
      [["metadata", "name"], name],
      [["metadata", "namespace"], namespace],
    ];
    const wrong = needs.filter(([, value]) => typeof value !== "string" || value === "");
    for (const [path, value] of wrong) {
      this.#fault(
        placeOf(path),
        [origin, ...path],
        value,
        "must be a string that is not empty",
        "write it in quotes",
      );
    }
    if (wrong.length > 0) return;
    const [group = "", version = ""] = String(apiVersion).split("/");
    const isToolHive = group === GROUP;
    if (isToolHive && !VERSIONS.some((known) => known === version)) {
      const rule = `must be ${GROUP}/ and one of ${VERSIONS.join(", ")}`;
      this.#fault(
        placeOf(["apiVersion"]),
        [origin, "apiVersion"],
        apiVersion,
        rule,
        "export the resource in one of these versions",
      );
      return;
    }
    this.#keep({
      kind: String(kind),
      namespace: String(namespace),
      name: String(name),
      content,
      isToolHive,
      placeOf,
    });
  }

  #keep(resource: Resource): void {
    const title = titleOf(resource);
    const twin = this.#seen.get(title);
    this.#seen.set(title, resource);
    if (twin && (resource.isToolHive || twin.isToolHive)) {
      const at = twin.placeOf([]);
      this.#fault(
        resource.placeOf([]),
        [title],
        resource.name,
        `must be given once, and is at ${at} too`,
        "keep one of the two",
      );
    } else {
      this.resources.push(resource);
    }
  }

  #tooDeep(path: Path): void {
    const rule = `must have at most ${IMPORT_LIMITS.depth} maps and lists inside each other`;
    this.faults.push(fault(path, undefined, rule, "leave the file out, or make it flatter"));
  }

  #fault(origin: string, path: Path, value: unknown, rule: string, fix: string): void {
    this.faults.push({ ...fault(path, value, rule, fix), origin });
  }
}

const KNOWN: ReadonlySet<string> = new Set(KINDS);

/** Whether a resource of ToolHive's group is one that is read. */
export const isKnownKind = (kind: string): boolean => KNOWN.has(kind) || kind === VMCP_FILE;

const nameOf = (origin: string) =>
  origin === "-" ? "vmcp" : basename(origin).replace(/\.\w+$/, "");

/** The entries of a List of Kubernetes. */
function itemsOf(value: unknown): readonly unknown[] | undefined {
  if (!isSection(value) || typeof value.kind !== "string" || !value.kind.endsWith("List"))
    return undefined;
  return Array.isArray(value.items) ? value.items : [];
}

/** How many maps and lists are inside each other, up to one more than the limit. */
function depthOf(value: unknown, depth = 0): number {
  if (depth > IMPORT_LIMITS.depth || typeof value !== "object" || value === null) return depth;
  let deepest = depth;
  for (const inner of Object.values(value)) {
    deepest = Math.max(deepest, depthOf(inner, depth + 1));
    if (deepest > IMPORT_LIMITS.depth) break;
  }
  return deepest;
}

function placeIn(
  document: Document,
  path: Path,
  at: (offset: number) => string,
): string | undefined {
  const node: unknown = path.length === 0 ? document.contents : document.getIn(path, true);
  if (isNode(node) && node.range) return at(node.range[0]);
  return path.length === 0 ? undefined : placeIn(document, path.slice(0, -1), at);
}
