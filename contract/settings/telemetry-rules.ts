import { type Section, valueAt } from "../document.ts";
import { type Fault, fault } from "../faults.ts";

const at = (name: string) => ["telemetry", name];

/** An endpoint that nothing is sent to, and what would be sent nowhere. */
export function telemetryRules(document: Section): Fault[] {
  const endpoint = valueAt(document, at("endpoint"));
  const signals = ["tracingEnabled", "metricsEnabled"];
  const on = signals.filter((name) => valueAt(document, at(name)) === true);
  if (typeof endpoint === "string" && on.length === 0) {
    const rule = "must be absent unless tracingEnabled or metricsEnabled is true";
    return [fault(at("endpoint"), endpoint, rule, "set one of the two, or remove the endpoint")];
  }
  if (endpoint !== undefined || on.length === 0) return [];
  const rule = `is required with ${on.join(" and ")}`;
  return [fault(at("endpoint"), undefined, rule, "write it as otel-collector.monitoring:4318")];
}
