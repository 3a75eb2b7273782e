import { execFileSync } from "node:child_process";
import { join } from "node:path";
import * as z from "zod";

const ROOT = join(import.meta.dirname, "../..");

/** What ships; what tests, demo and bench import follows from CONTRIBUTING's table. */
const SHIPPED = ["contract", "runtime", "infra", "policies"];

const cruised = z.object({
  modules: z.array(
    z.object({
      source: z.string(),
      dependencies: z.array(z.object({ resolved: z.string() })),
    }),
  ),
});

/** Rooms, and the rooms that their files import. */
export type RoomImports = ReadonlyMap<string, ReadonlySet<string>>;

/**
 * The rooms of what ships as a Mermaid flowchart. An arrow says that files of the upper room import files of the lower
 * one; one that follows from two others is left out.
 *
 * @throws {Error} when rooms import each other in a circle.
 */
export function roomPicture(): string {
  const imports = essential(readImports());
  const rooms = [...new Set([...imports].flatMap(([from, to]) => [from, ...to]))].toSorted();
  const lines = ["```mermaid", "flowchart TD"];
  for (const group of ["runtime", "contract"]) {
    lines.push(`  subgraph ${group}`);
    for (const room of rooms.filter((one) => one.startsWith(`${group}/`))) {
      lines.push(`    ${idOf(room)}[${room.slice(group.length + 1)}]`);
    }
    lines.push("  end");
  }
  for (const [from, targets] of [...imports].toSorted()) {
    for (const to of [...targets].toSorted()) lines.push(`  ${idOf(from)} --> ${idOf(to)}`);
  }
  return [...lines, "```"].join("\n");
}

/** What the code imports right now, as dependency-cruiser sees it. */
function readImports(): RoomImports {
  const command = join(ROOT, "node_modules/.bin/depcruise");
  const args = ["--config", ".dependency-cruiser.mjs", "--output-type", "json", ...SHIPPED];
  const maxBuffer = 100 * 1024 * 1024;
  const text = execFileSync(command, args, { cwd: ROOT, encoding: "utf8", maxBuffer });
  const imports = new Map<string, Set<string>>();
  for (const { source, dependencies } of cruised.parse(JSON.parse(text)).modules) {
    const from = roomOf(source);
    if (from === undefined) continue;
    const targets = imports.get(from) ?? new Set();
    imports.set(from, targets);
    for (const { resolved } of dependencies) {
      const to = roomOf(resolved);
      if (to !== undefined && to !== from) targets.add(to);
    }
  }
  return imports;
}

/** Folders of runtime and contract are rooms of their own, and so are infra and policies; files beside them belong to no room. */
function roomOf(file: string): string | undefined {
  const [top = "", folder = "", ...inside] = file.split("/");
  if (top === "infra" || top === "policies") return top;
  if ((top !== "runtime" && top !== "contract") || inside.length === 0) return undefined;
  return folder === "dist" ? undefined : `${top}/${folder}`;
}

/** Without the arrows that follow from others. */
export function essential(imports: RoomImports): RoomImports {
  const below = new Map<string, ReadonlySet<string>>();
  for (const room of imports.keys()) reach(room, imports, below, []);
  const kept = [...imports].map(([from, targets]) => {
    const implied = new Set([...targets].flatMap((to) => [...(below.get(to) ?? [])]));
    return [from, new Set([...targets].filter((to) => !implied.has(to)))] as const;
  });
  return new Map(kept);
}

/** Every room that a room imports, directly or not. */
function reach(
  room: string,
  imports: RoomImports,
  below: Map<string, ReadonlySet<string>>,
  path: readonly string[],
): ReadonlySet<string> {
  if (path.includes(room))
    throw new Error(`rooms import each other: ${[...path, room].join(" → ")}`);
  const known = below.get(room);
  if (known !== undefined) return known;
  const found = new Set<string>();
  for (const next of imports.get(room) ?? []) {
    found.add(next);
    for (const further of reach(next, imports, below, [...path, room])) found.add(further);
  }
  below.set(room, found);
  return found;
}

function idOf(room: string): string {
  return room.replace("/", "_");
}
