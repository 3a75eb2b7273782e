import * as k8s from "@pulumi/kubernetes";
import { type ComponentResource, type Input, type Output, output } from "@pulumi/pulumi";
import type { MonitoringArgs } from "../arguments/exposure-args.ts";
import type { Labels } from "../naming.ts";
import type { Alert } from "./alert.ts";
import { dashboard, type Panel } from "./dashboard.ts";

/** A workload whose pods have metrics. */
export interface Monitored {
  readonly parent: ComponentResource;
  /** The name of the workload, in Pulumi and in Kubernetes. */
  readonly logicalName: string;
  readonly workload: string;
  readonly namespace: Input<string>;
  readonly labels: Labels;
  readonly selector: Labels;
  /** The port of the metrics, named `metrics` in its container, and the suffix of the Service in front of it. */
  readonly port: number;
  readonly suffix: "admin" | "metrics";
  readonly asked: MonitoringArgs;
  readonly alerts: (namespace: string) => readonly Alert[];
  readonly panels: (namespace: string) => readonly Panel[];
}

/** Creates the ServiceMonitor, the alerts and the Grafana dashboard that the user asks for. */
export function monitoring(of: Monitored): void {
  const { serviceMonitor = false, alerts = serviceMonitor, grafanaDashboard } = of.asked;
  if (serviceMonitor) monitor(of, metricsService(of));
  if (alerts) rules(of);
  if (grafanaDashboard) dashboardMap(of);
}

/** A headless Service for the metrics port of each pod. */
function metricsService(of: Monitored): k8s.core.v1.Service {
  const name = `${of.workload}-${of.suffix}`;
  return new k8s.core.v1.Service(
    `${of.logicalName}-${of.suffix}`,
    {
      metadata: { name, namespace: of.namespace, labels: portLabels(of) },
      spec: {
        clusterIP: "None",
        publishNotReadyAddresses: true,
        selector: of.selector,
        ports: [{ name: "metrics", port: of.port, targetPort: "metrics" }],
      },
    },
    { parent: of.parent },
  );
}

const portLabels = (of: Monitored) => ({ ...of.labels, "mcp-fleet.dev/port": of.suffix });

const labelsOf = ({ asked, labels }: Monitored) => ({ ...asked.labels, ...labels });

function monitor(of: Monitored, service: k8s.core.v1.Service): k8s.apiextensions.CustomResource {
  const { workload: name, namespace } = of;
  return new k8s.apiextensions.CustomResource(
    `${of.logicalName}-monitor`,
    {
      apiVersion: "monitoring.coreos.com/v1",
      kind: "ServiceMonitor",
      metadata: { name, namespace, labels: labelsOf(of) },
      spec: {
        selector: { matchLabels: portLabels(of) },
        endpoints: [{ port: "metrics", path: "/metrics", interval: "15s" }],
      },
    },
    { parent: of.parent, dependsOn: [service] },
  );
}

function rules(of: Monitored): k8s.apiextensions.CustomResource {
  const { workload: name } = of;
  return new k8s.apiextensions.CustomResource(
    `${of.logicalName}-alerts`,
    {
      apiVersion: "monitoring.coreos.com/v1",
      kind: "PrometheusRule",
      metadata: { name, namespace: of.namespace, labels: labelsOf(of) },
      spec: output(of.namespace).apply((namespace) => ({
        groups: [{ name, rules: of.alerts(namespace).map((alert) => rule(of, alert, namespace)) }],
      })),
    },
    { parent: of.parent },
  );
}

function rule({ workload }: Monitored, alert: Alert, namespace: string) {
  const { name, expr, forSeconds, severity, meaning, action } = alert;
  return {
    alert: name,
    expr,
    ...(forSeconds > 0 && { for: `${forSeconds}s` }),
    labels: { severity, namespace, workload },
    annotations: { summary: `${workload}: ${meaning}`, description: action },
  };
}

function dashboardMap(of: Monitored): k8s.core.v1.ConfigMap {
  const name = `${of.workload}-dashboard`;
  return new k8s.core.v1.ConfigMap(
    `${of.logicalName}-dashboard`,
    {
      metadata: {
        name,
        namespace: of.namespace,
        labels: { ...labelsOf(of), grafana_dashboard: "1" },
      },
      data: { [`${name}.json`]: dashboardText(of) },
    },
    { parent: of.parent },
  );
}

function dashboardText({ workload, namespace, panels }: Monitored): Output<string> {
  return output(namespace).apply(async (known) =>
    JSON.stringify(await dashboard({ workload, namespace: known }, panels(known))),
  );
}
