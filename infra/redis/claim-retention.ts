/** Whether Kubernetes keeps or deletes the claims, and so the volumes, of a StatefulSet's pods. */
export const ClaimRetention = { Retain: "Retain", Delete: "Delete" } as const;
export type ClaimRetention = (typeof ClaimRetention)[keyof typeof ClaimRetention];
