import type { Fault } from "../fleet.ts";

/** More gateways, or with undefined as many as the plan says, by `pulumi up`. */
export function scaling(replicas: number | undefined, title: string): Fault {
  return {
    title,
    isPlanned: true,
    async bring({ stack }) {
      await stack.up({ gatewayReplicas: replicas });
      return [];
    },
  };
}
