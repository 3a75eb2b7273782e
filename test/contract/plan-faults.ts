import type { Fault } from "@mcp-fleet/contract";
import { CapacityError, type FleetInputs, plan } from "@mcp-fleet/contract/capacity";

/** Why there is no plan for these, as somebody reads it; none where there is one. */
export function planFaults(given: FleetInputs): Omit<Fault, "steps">[] {
  try {
    plan(given);
  } catch (error) {
    if (error instanceof CapacityError) return error.faults.map(({ steps: _, ...read }) => read);
    throw error;
  }
  return [];
}
