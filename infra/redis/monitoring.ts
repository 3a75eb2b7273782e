import { monitoring } from "../monitoring/monitoring.ts";
import { storeAlerts } from "../monitoring/store-alerts.ts";
import { storePanels } from "../monitoring/store-panels.ts";
import { certificateName } from "./certificate.ts";
import { EXPORTER_PORT } from "./exporter.ts";
import { isLasting } from "./redis-conf.ts";
import { labelsOf, partName, REPLICAS, type RedisSpec, selectorOf } from "./redis-spec.ts";

/** Creates what the user asks for to watch the servers through their exporters. */
export function redisMonitoring(spec: RedisSpec): void {
  const { parent, instance, namespace, size, args } = spec;
  if (args.exporter === undefined) return;
  const workload = partName(instance, "redis");
  const watched = (known: string) => ({
    workload,
    namespace: known,
    pods: `${workload}-[0-9]+`,
  });
  monitoring({
    parent,
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
        certificate: args.tls?.issuer && certificateName(spec),
      }),
    panels: (known) => storePanels(watched(known), size),
  });
}
