import * as k8s from "@pulumi/kubernetes";
import { ServiceType, SessionAffinity } from "../arguments/choices.ts";
import { present } from "../facts.ts";
import { transformed } from "../transform.ts";
import {
  labelsOf,
  logicalNameOf,
  MCP_PORT,
  nameOf,
  type ProcessSpec,
  selectorOf,
} from "./process-spec.ts";

/** The Service of a gateway or proxy. It exposes MCP only, not the admin port. */
export function service(spec: ProcessSpec): k8s.core.v1.Service {
  const { parent, sessionAffinity, transform, process } = spec;
  const name = nameOf(spec);
  const opts = { parent };
  const args: k8s.core.v1.ServiceArgs = {
    metadata: {
      name,
      namespace: spec.namespace,
      labels: labelsOf(spec),
      ...present({ annotations: process.service?.annotations }),
    },
    spec: {
      type: process.serviceType ?? ServiceType.ClusterIP,
      selector: selectorOf(spec),
      ports: [{ name: "mcp", port: MCP_PORT, targetPort: "mcp", appProtocol: "http" }],
      sessionAffinity,
      ...(sessionAffinity === SessionAffinity.ClientIP && {
        sessionAffinityConfig: { clientIP: { timeoutSeconds: AFFINITY_SECONDS } },
      }),
    },
  };
  return new k8s.core.v1.Service(
    logicalNameOf(spec),
    transformed(transform?.service?.bind(transform), args, opts),
    opts,
  );
}

/** Three hours: the default of Kubernetes, longer than the default idle time of sessions. */
const AFFINITY_SECONDS = 10_800;
