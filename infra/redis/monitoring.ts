import { monitoring } from "../monitoring/monitoring.ts";
import { storeAlerts } from "../monitoring/store-alerts.ts";
import { storePanels } from "../monitoring/store-panels.ts";
import { EXPORTER_PORT } from "./exporter.ts";
import { isLasting } from "./redis-conf.ts";
import {
  certificateName,
  labelsOf,
  partName,
  REPLICAS,
  type RedisSpec,
  selectorOf,
} from "./redis-spec.ts";

/** Creates what the user asks for to watch the servers through their exporters. */
export function redisMonitoring(spec: RedisSpec): void {
  const { parent, logicalName, instance, namespace, size, args } = spec;
  if (args.exporter === undefined) return;
  const workload = partName(instance, "redis");
  const watched = (known: string) => ({
    workload,
    namespace: known,
    pods: `${workload}-[0-9]+`,
  });
  monitoring({
    parent,
    logicalName: partName(logicalName, "redis"),
    workload,
    namespace,
    labels: labelsOf(spec, "redis"),
    selector: selectorOf(spec, "redis"),
    port: EXPORTER_PORT,
    suffix: "metrics",
    asked: args.exporter,
    alerts: (known) =>
      storeAlerts({
        ...watched(known),
        replicas: REPLICAS,
        claims: isLasting(args.persistence) ? `data-${workload}` : undefined,
        certificate: args.tls?.issuer && certificateName(instance),
      }),
    panels: (known) => storePanels(watched(known), size),
  });
}
