import type { Section } from "@mcp-fleet/contract";
import type { Given } from "../given.ts";
import type { Field, Reading } from "../reading.ts";

/** The workflow that a reference to a VirtualMCPCompositeToolDefinition stands for: an entry of `compositeTools`. */
export function workflowOf(
  given: Given,
  from: Reading,
  field: Field,
): [Reading, Section] | undefined {
  const definition = given.follow(from, field, "VirtualMCPCompositeToolDefinition", {
    topic: "workflows",
    why: "its steps are unknown",
    fix: "",
  });
  const spec = definition?.section("spec");
  return definition && spec ? [definition, spec] : undefined;
}
