import type { ResourceDescription } from "../../policies/index.ts";

/**
 * How one stack differs from another, resource by resource: the paths whose values differ, and whole resources that are
 * in one of them only. What pods repeat of their workload's annotations is left out.
 */
export function stackDifference(
  from: readonly ResourceDescription[],
  to: readonly ResourceDescription[],
): string {
  const before = byTitle(from);
  const after = byTitle(to);
  const titles = [...new Set([...before.keys(), ...after.keys()])];
  return titles.flatMap((title) => changes(title, before.get(title), after.get(title))).join("\n");
}

function changes(
  title: string,
  before: ResourceDescription | undefined,
  after: ResourceDescription | undefined,
): string[] {
  if (before === undefined) return [`+ ${title}`];
  if (after === undefined) return [`- ${title}`];
  const old = leavesOf(before);
  const now = leavesOf(after);
  const paths = [...new Set([...old.keys(), ...now.keys()])].filter(
    (path) => old.get(path) !== now.get(path) && !REPEATED.test(path),
  );
  if (paths.length === 0) return [];
  return [
    `  ${title}`,
    ...paths.flatMap((path) => [
      ...(old.has(path) ? [`-   ${path}: ${old.get(path)}`] : []),
      ...(now.has(path) ? [`+   ${path}: ${now.get(path)}`] : []),
    ]),
  ];
}

const REPEATED = /^spec\.template\.metadata\.annotations\.mcp-fleet\.dev/;

const byTitle = (stack: readonly ResourceDescription[]) =>
  new Map(
    stack.map((resource) => [`${resource.type.split(":").at(-1)} ${resource.name}`, resource]),
  );

/** The leaves of what a resource is made from, each with its path. */
function leavesOf({ props, timeouts }: ResourceDescription): ReadonlyMap<string, string> {
  const leaves = new Map<string, string>();
  const visit = (value: unknown, path: string): void => {
    if (typeof value !== "object" || value === null) leaves.set(path, JSON.stringify(value));
    else if (Object.keys(value).length === 0) leaves.set(path, JSON.stringify(value));
    else {
      for (const [name, member] of Object.entries(value)) {
        const step = Array.isArray(value) ? `[${name}]` : `.${name}`;
        visit(member, path === "" ? name : path + step);
      }
    }
  };
  visit(props, "");
  if (timeouts) visit({ customTimeouts: timeouts }, "");
  return leaves;
}
