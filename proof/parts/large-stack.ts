import { Engine } from "../../testkit/pulumi/engine.ts";
import { LARGE_PROGRAM } from "../../testkit/pulumi/programs.ts";
import { countFrom } from "../environment.ts";
import type { Findings, Row } from "../part.ts";

/** What a preview comes to in a stack of a few gateways, and in one of all of them. */
const SHARES = [0.1, 1];

export async function run(say: (text: string) => void): Promise<Findings> {
  const most = countFrom("GATEWAYS", 50);
  const rows: Row[] = [];
  for (const share of SHARES) {
    const row = await previewed(Math.ceil(most * share));
    rows.push(row);
    say(row.cells.join(", "));
  }
  return {
    setup: "four servers for each gateway, and one store; previewed into an empty stack",
    columns: ["Gateways", "Servers", "Resources to create", "Seconds"],
    rows,
  };
}

async function previewed(gateways: number): Promise<Row> {
  const engine = await Engine.checked(LARGE_PROGRAM, { config: { "test:gateways": gateways } });
  try {
    const startedAtMs = performance.now();
    const { code, stdout } = await engine.preview();
    const seconds = Math.round((performance.now() - startedAtMs) / 1000);
    const resources = Number(/\+ (\d+) to create/.exec(stdout)?.[1] ?? 0);
    // A gateway and its servers are five components, each of several resources.
    const holds = code === 0 && resources > 5 * gateways;
    return { cells: [gateways, 4 * gateways, resources, seconds].map(String), holds };
  } finally {
    engine.remove();
  }
}
