import { MetricSet } from "../telemetry/metric-set.ts";

/** What Prometheus reads of a process that looks for backends; `docs/discovery.md` has the table. */
export class DiscoverMetrics extends MetricSet {
  readonly backends = this.gauge("discovered_backends", "Backends in the ConfigMap.");
  readonly leftOut = this.gauge(
    "discovery_left_out",
    "Objects that are no backends for a reason that /status says.",
  );
  readonly held = this.gauge(
    "discovery_held",
    "Reasons for which the set does not follow the cluster right now, which /status says. Alert where it stays above 0.",
  );
  readonly watching = this.gauge(
    "discovery_watching",
    "1 while a kind in a namespace is watched, 0 while it cannot be read or is absent.",
    ["source"],
  );
  readonly changes = this.counter(
    "discovery_changes_total",
    "Backends that were added, changed or removed.",
  );
  readonly writeErrors = this.counter(
    "discovery_write_errors_total",
    "Times the ConfigMap could not be read or written.",
  );
  readonly defects = this.counter(
    "defects_total",
    "Failures that no part of the process handles. Alert on any: each is a defect, and the log has its stack.",
  );
}
