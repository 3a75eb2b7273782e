import type * as k8s from "@pulumi/kubernetes";
import { ephemeralStorage } from "../pods/ephemeral-storage.ts";
import { RESTRICTED } from "../pods/pod-template.ts";
import { RedisUser } from "./acl.ts";
import { DEFAULT_EXPORTER } from "./images.ts";
import { REDIS_PORT } from "./pods.ts";
import { EXPORTER_PASSWORD } from "./redis-files.ts";
import { type RedisSpec, secretsName } from "./redis-spec.ts";

/** The port of the exporter's metrics. */
export const EXPORTER_PORT = 9121;

/** The sidecar that exports a server's metrics for Prometheus; undefined where the user wants none. */
export function exporter(spec: RedisSpec): k8s.types.input.core.v1.Container | undefined {
  const { args } = spec;
  if (args.exporter === undefined) return undefined;
  const local = ephemeralStorage();
  const scheme = args.tls === undefined ? "redis" : "rediss";
  return {
    name: "exporter",
    image: args.exporter.image ?? DEFAULT_EXPORTER,
    ports: [{ name: "metrics", containerPort: EXPORTER_PORT }],
    env: [
      { name: "REDIS_ADDR", value: `${scheme}://localhost:${REDIS_PORT}` },
      { name: "REDIS_USER", value: RedisUser.Exporter },
      {
        name: "REDIS_PASSWORD",
        valueFrom: {
          secretKeyRef: { name: secretsName(spec.instance, "redis"), key: EXPORTER_PASSWORD },
        },
      },
      // The certificate is for the name of the Service, and this connection does not leave the pod.
      ...(args.tls === undefined
        ? []
        : [{ name: "REDIS_EXPORTER_SKIP_TLS_VERIFICATION", value: "true" }]),
    ],
    resources: {
      requests: { cpu: "10m", memory: "32Mi", ...local.requests },
      limits: { memory: "64Mi", ...local.limits },
    },
    securityContext: { ...RESTRICTED, readOnlyRootFilesystem: true },
  };
}
