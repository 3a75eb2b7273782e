import { join } from "node:path";
import { planOf } from "@mcp-fleet/contract/capacity";
import { readConfiguration } from "../../runtime/server/configuration.ts";
import { planSvg } from "../plan-drawing/plan-drawing.ts";

/** The configuration that docs/capacity.md shows and plans. */
export const EXAMPLE_FILE = join(import.meta.dirname, "../../examples/fleet.yaml");

/** The picture of docs/capacity.md. */
export const DRAWING_FILE = join(import.meta.dirname, "../../docs/plan.svg");

/** What `mcp-fleet plan` makes of that configuration, drawn. */
export function planDrawing(): string {
  return planSvg(readConfiguration({ file: EXAMPLE_FILE, environment: {} }, planOf));
}
