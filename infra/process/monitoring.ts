import * as k8s from "@pulumi/kubernetes";
import type { MonitoringArgs } from "../arguments/exposure-args.ts";
import { dashboard } from "./dashboard.ts";
import {
  labelsOf,
  logicalNameOf,
  METRICS_PORT,
  nameOf,
  type ProcessSpec,
  selectorOf,
} from "./process-spec.ts";

/** Creates the ServiceMonitor and the Grafana dashboard that the user asks for. */
export function monitoring(spec: ProcessSpec): void {
  const { monitoring: asked = {} } = spec.process;
  if (asked.serviceMonitor) serviceMonitor(spec, asked, adminService(spec));
  if (asked.grafanaDashboard) dashboardMap(spec, asked);
}

/** A headless Service for the metrics port of each pod. */
function adminService(spec: ProcessSpec): k8s.core.v1.Service {
  const name = `${nameOf(spec)}-admin`;
  return new k8s.core.v1.Service(
    `${logicalNameOf(spec)}-admin`,
    {
      metadata: { name, namespace: spec.namespace, labels: adminLabels(spec) },
      spec: {
        clusterIP: "None",
        publishNotReadyAddresses: true,
        selector: selectorOf(spec),
        ports: [{ name: "metrics", port: METRICS_PORT, targetPort: "metrics" }],
      },
    },
    { parent: spec.parent },
  );
}

const adminLabels = (spec: ProcessSpec) => ({ ...labelsOf(spec), "mcp-fleet.dev/port": "admin" });

function serviceMonitor(
  spec: ProcessSpec,
  { labels }: MonitoringArgs,
  admin: k8s.core.v1.Service,
): k8s.apiextensions.CustomResource {
  const name = nameOf(spec);
  return new k8s.apiextensions.CustomResource(
    `${logicalNameOf(spec)}-monitor`,
    {
      apiVersion: "monitoring.coreos.com/v1",
      kind: "ServiceMonitor",
      metadata: { name, namespace: spec.namespace, labels: { ...labels, ...labelsOf(spec) } },
      spec: {
        selector: { matchLabels: adminLabels(spec) },
        endpoints: [{ port: "metrics", path: "/metrics", interval: "15s" }],
      },
    },
    { parent: spec.parent, dependsOn: [admin] },
  );
}

function dashboardMap(spec: ProcessSpec, { labels }: MonitoringArgs): k8s.core.v1.ConfigMap {
  const name = `${nameOf(spec)}-dashboard`;
  return new k8s.core.v1.ConfigMap(
    `${logicalNameOf(spec)}-dashboard`,
    {
      metadata: {
        name,
        namespace: spec.namespace,
        labels: { ...labels, ...labelsOf(spec), grafana_dashboard: "1" },
      },
      data: { [`${name}.json`]: JSON.stringify(dashboard(nameOf(spec), spec.plan)) },
    },
    { parent: spec.parent },
  );
}
