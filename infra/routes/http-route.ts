import * as k8s from "@pulumi/kubernetes";
import type { ComponentResource, Input } from "@pulumi/pulumi";
import type { HttpRouteArgs } from "../arguments/exposure-args.ts";
import { labels, type Names } from "../naming.ts";
import { MCP_PORT } from "../process/process-spec.ts";

/** Routes hosts of a Gateway to the gateway's Service, without timeouts that would cut streams or long calls. */
export function httpRoute(
  parent: ComponentResource,
  { logicalName, instance }: Names,
  namespace: Input<string>,
  { hostnames, parentRefs }: HttpRouteArgs,
): k8s.apiextensions.CustomResource {
  const name = `${instance}-gateway`;
  return new k8s.apiextensions.CustomResource(
    `${logicalName}-gateway-route`,
    {
      apiVersion: "gateway.networking.k8s.io/v1",
      kind: "HTTPRoute",
      metadata: { name, namespace, labels: labels(instance, "gateway") },
      spec: {
        parentRefs,
        hostnames,
        rules: [
          {
            backendRefs: [{ name, port: MCP_PORT }],
            timeouts: { request: "0s", backendRequest: "0s" },
          },
        ],
      },
    },
    { parent },
  );
}
