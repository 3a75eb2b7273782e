import type { Section } from "@mcp-fleet/contract";
import type { Given } from "../given.ts";
import type { Field, Reading } from "../reading.ts";

/** Which tools of a backend are listed, and under which names: an entry of `aggregation.tools` without its workload. */
export interface ToolChoice {
  readonly filter?: readonly string[];
  readonly overrides?: Section;
  readonly reading: Reading;
  readonly field: Field;
}

/** The tools that a reference to an MCPToolConfig stands for. Without it, tools would be listed that are hidden. */
export function toolChoiceOf(given: Given, from: Reading, field: Field): ToolChoice | undefined {
  const config = given.follow(
    from,
    field,
    "MCPToolConfig",
    { topic: "aggregation", why: "which tools it hides is unknown", fix: "" },
    "tools",
  );
  if (config === undefined) return undefined;
  config.taken("spec.toolsFilter", "spec.toolsOverride");
  const filter = config.texts("spec.toolsFilter");
  const overrides = config.section("spec.toolsOverride");
  return {
    ...(filter.length > 0 && { filter }),
    ...(overrides && { overrides }),
    reading: config,
    field: "spec",
  };
}
