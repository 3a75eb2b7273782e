import type { Alert } from "../../infra/monitoring/alert.ts";
import { processAlerts } from "../../infra/monitoring/process-alerts.ts";
import { storeAlerts } from "../../infra/monitoring/store-alerts.ts";
import { code, type GeneratedTable, markdown } from "./generated-table.ts";

/** Any one: what the page says of an alert is the same for all workloads. */
const WATCHED = { workload: "eng-gateway", namespace: "default", pods: "eng-gateway-.*" };

/** The tables of docs/alerts.md. */
export const ALERT_TABLES: readonly GeneratedTable[] = [
  {
    file: "alerts.md",
    name: "gateways",
    table: () =>
      table(
        processAlerts({
          ...WATCHED,
          sessions: 1000,
          memoryBytes: 2 ** 30,
          drainSeconds: 300,
          hasStore: true,
        }),
      ),
  },
  {
    file: "alerts.md",
    name: "store",
    table: () =>
      table(storeAlerts({ ...WATCHED, replicas: 3, claims: "data", certificate: "tls" })),
  },
];

function table(alerts: readonly Alert[]): string {
  const rows = alerts.map(({ name, severity, forSeconds, meaning, action }) => [
    code(name),
    severity,
    forSeconds === 0 ? "at once" : `${forSeconds} s`,
    meaning,
    action,
  ]);
  return markdown(["Alert", "Severity", "After", "What it means", "What to do"], rows);
}
