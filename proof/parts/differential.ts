import { COMPARED, compare } from "../../testkit/toolhive/comparison.ts";
import { hasVmcp, VMCP_VERSION } from "../../testkit/toolhive/vmcp.ts";
import { KNOWN_DIFFERENCES } from "../../tools/docs/toolhive-differences.ts";
import type { Findings, Row } from "../part.ts";

/**
 * ToolHive's vmcp and this gateway with one configuration before the same servers: what clients see and get, value by value.
 * Differences have to be among those that `docs/toolhive.md` lists, and each of those has to be found.
 */
export async function run(say: (text: string) => void): Promise<Findings> {
  if (!hasVmcp) throw new Error("there is no vmcp to compare with");
  const rows: Row[] = [];
  const found = new Set<string>();
  for (const name of COMPARED) {
    const { compared, differences } = await compare(name);
    let unknown = 0;
    for (const difference of differences) {
      const known = KNOWN_DIFFERENCES.find(({ explains }) => explains(difference));
      if (known !== undefined) found.add(known.what);
      else {
        unknown += 1;
        const { path, theirs, ours } = difference;
        say(`${path}: ${JSON.stringify(theirs)} there, ${JSON.stringify(ours)} here`);
      }
    }
    say(`${name}: ${compared} values, ${differences.length} differ, ${unknown} of them unknown`);
    const cells = [name, String(compared), String(differences.length), String(unknown)];
    rows.push({ cells, holds: unknown === 0 });
  }
  for (const { what } of KNOWN_DIFFERENCES.filter((known) => !found.has(known.what))) {
    rows.push({ cells: [`no longer found: ${what}`, "–", "–", "–"], holds: false });
  }
  return {
    setup: `vmcp ${VMCP_VERSION}, three servers on the official TypeScript SDK, ${KNOWN_DIFFERENCES.length} known differences`,
    columns: ["Configuration", "Values compared", "Differ", "Of them unknown"],
    rows,
  };
}
