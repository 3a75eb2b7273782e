import { Counter, collectDefaultMetrics, Gauge, Registry } from "prom-client";
import type { MetricDescription } from "../telemetry/metrics.ts";

/** What Prometheus reads of a process that looks for backends; `docs/discovery.md` has the table. */
export class DiscoverMetrics {
  readonly registry = new Registry();
  readonly #described: MetricDescription[] = [];

  readonly backends = this.#gauge("discovered_backends", "Backends in the ConfigMap.");
  readonly leftOut = this.#gauge(
    "discovery_left_out",
    "Objects that are no backends for a reason that /status says.",
  );
  readonly held = this.#gauge(
    "discovery_held",
    "Reasons for which the set does not follow the cluster right now, which /status says. Alert where it stays above 0.",
  );
  readonly watching = this.#gauge(
    "discovery_watching",
    "1 while a kind in a namespace is watched, 0 while it cannot be read or is absent.",
    ["source"],
  );
  readonly changes = this.#counter(
    "discovery_changes_total",
    "Backends that were added, changed or removed.",
  );
  readonly writeErrors = this.#counter(
    "discovery_write_errors_total",
    "Times the ConfigMap could not be read or written.",
  );
  readonly defects = this.#counter(
    "defects_total",
    "Failures that no part of the process handles. Alert on any: each is a defect, and the log has its stack.",
  );

  constructor() {
    collectDefaultMetrics({ register: this.registry });
  }

  /** Our own metrics, in the order of this file. */
  get described(): readonly MetricDescription[] {
    return this.#described;
  }

  text(): Promise<string> {
    return this.registry.metrics();
  }

  #gauge(name: string, help: string, labels: string[] = []): Gauge {
    return new Gauge(this.#describe("gauge", name, help, labels));
  }

  #counter(name: string, help: string): Counter {
    return new Counter(this.#describe("counter", name, help, []));
  }

  #describe(type: "gauge" | "counter", shortName: string, help: string, labels: string[]) {
    const name = `mcp_fleet_${shortName}`;
    this.#described.push({ name, type, labels, help });
    return { name, help, labelNames: labels, registers: [this.registry] };
  }
}
