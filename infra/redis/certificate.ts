import * as k8s from "@pulumi/kubernetes";
import { type Input, interpolate } from "@pulumi/pulumi";
import type { IssuerArgs } from "../redis-sentinel-args.ts";
import { tlsSecretName } from "./redis-pods.ts";
import { certificateName, labelsOf, partName, type RedisSpec } from "./redis-spec.ts";

/** The server name in the certificate of all servers and Sentinels. Clients verify it, whatever address they use. */
export function servername({ instance, namespace, args }: RedisSpec): Input<string> {
  return args.tls?.servername ?? interpolate`${partName(instance, "redis")}.${namespace}.svc`;
}

/** The cert-manager Certificate, issued into the Secret that the pods mount. */
export function certificate(spec: RedisSpec, issuer: IssuerArgs): k8s.apiextensions.CustomResource {
  const name = certificateName(spec.instance);
  return new k8s.apiextensions.CustomResource(
    certificateName(spec.logicalName),
    {
      apiVersion: "cert-manager.io/v1",
      kind: "Certificate",
      metadata: { name, namespace: spec.namespace, labels: labelsOf(spec, "redis") },
      spec: {
        secretName: tlsSecretName(spec),
        dnsNames: [servername(spec), "localhost"],
        usages: ["server auth", "client auth"],
        issuerRef: { name: issuer.name, kind: issuer.kind ?? "Issuer" },
      },
    },
    { parent: spec.parent },
  );
}
