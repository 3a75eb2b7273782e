import { monitoring } from "../monitoring/monitoring.ts";
import { processAlerts } from "../monitoring/process-alerts.ts";
import { processPanels } from "../monitoring/process-panels.ts";
import {
  labelsOf,
  logicalNameOf,
  METRICS_PORT,
  nameOf,
  type ProcessSpec,
  selectorOf,
} from "./process-spec.ts";

/** Creates what the user asks for to watch gateways or proxies. */
export function processMonitoring(spec: ProcessSpec): void {
  const { parent, namespace, inputs, plan, size, storage } = spec;
  const workload = nameOf(spec);
  const watched = (known: string) => ({ workload, namespace: known, pods: podsOf(workload) });
  monitoring({
    parent,
    logicalName: logicalNameOf(spec),
    workload,
    namespace,
    labels: labelsOf(spec),
    selector: selectorOf(spec),
    port: METRICS_PORT,
    suffix: "admin",
    asked: spec.process.monitoring ?? {},
    alerts: (known) =>
      processAlerts({
        ...watched(known),
        sessions: inputs.sessions,
        memoryBytes: size.memoryBytes,
        drainSeconds: plan.grace.drain.value,
        hasStore: storage !== undefined,
      }),
    panels: (known) => processPanels(watched(known), plan),
  });
}

/** Of a long name, Kubernetes cuts the end, and the second dash with it. */
const podsOf = (deployment: string): string => `${deployment}-[a-z0-9]+(?:-[a-z0-9]+)?`;
