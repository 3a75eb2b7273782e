import * as k8s from "@pulumi/kubernetes";
import type { ComponentResource, Input } from "@pulumi/pulumi";
import type { IngressArgs } from "../arguments/exposure-args.ts";
import { labels, type Names } from "../naming.ts";
import { MCP_PORT } from "../process/process-spec.ts";

/** Routes a host to the gateway's Service. */
export function ingress(
  parent: ComponentResource,
  { logicalName, instance }: Names,
  namespace: Input<string>,
  { host, className, tlsSecretName, annotations }: IngressArgs,
): k8s.networking.v1.Ingress {
  const name = `${instance}-gateway`;
  return new k8s.networking.v1.Ingress(
    `${logicalName}-gateway`,
    {
      metadata: {
        name,
        namespace,
        labels: labels(instance, "gateway"),
        ...(annotations && { annotations }),
      },
      spec: {
        ...(className !== undefined && { ingressClassName: className }),
        ...(tlsSecretName !== undefined && {
          tls: [{ hosts: [host], secretName: tlsSecretName }],
        }),
        rules: [
          {
            host,
            http: {
              paths: [
                {
                  path: "/",
                  pathType: "Prefix",
                  backend: { service: { name, port: { number: MCP_PORT } } },
                },
              ],
            },
          },
        ],
      },
    },
    { parent },
  );
}
