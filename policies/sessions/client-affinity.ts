import type { Fleet } from "../stack/fleet.ts";
import type { Resource } from "../stack/resource.ts";
import type { Workload } from "../stack/workload.ts";

/** The Services of a workload with ClientIP affinity, which is not the default of Kubernetes. */
export function affineServicesOf(workload: Workload, fleet: Fleet): readonly Resource[] {
  return fleet
    .servicesOf(workload)
    .filter(({ fields }) => fields.at("spec.sessionAffinity").text() === "ClientIP");
}

/** Whether a workload's annotation declares ClientIP affinity. */
export function claimsAffinity({ facts }: Workload): boolean {
  return facts.has("sessionAffinity") && facts.text("sessionAffinity") === "ClientIP";
}
