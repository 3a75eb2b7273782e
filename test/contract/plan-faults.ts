import { CapacityError, type FleetInputs, plan } from "../../runtime/contract/index.ts";

/** Why there is no plan for these; none where there is one. */
export function planFaults(given: FleetInputs): CapacityError["faults"] {
  try {
    plan(given);
  } catch (error) {
    if (error instanceof CapacityError) return error.faults;
    throw error;
  }
  return [];
}
