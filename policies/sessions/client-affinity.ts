import type { Fleet } from "../stack/fleet.ts";
import type { Resource } from "../stack/resource.ts";
import type { Workload } from "../stack/workload.ts";

/** Which Services before a workload's pods send a client's address to one pod; Kubernetes' default is that none does. */
export function affineServicesOf(workload: Workload, fleet: Fleet): readonly Resource[] {
  return fleet
    .servicesOf(workload)
    .filter(({ fields }) => fields.at("spec.sessionAffinity").text() === "ClientIP");
}

/** Whether a workload says so of itself. */
export function claimsAffinity({ facts }: Workload): boolean {
  return facts.has("sessionAffinity") && facts.text("sessionAffinity") === "ClientIP";
}
