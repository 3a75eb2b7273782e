/** A rule for Prometheus that tells people about a problem, and what they need to know about it. */
export interface Alert {
  readonly name: string;
  /** `critical`: clients notice it, now. `warning`: they will, or somebody has to look at it within days. */
  readonly severity: "critical" | "warning";
  /** PromQL; each series in its result is an alert. */
  readonly expr: string;
  /** How long it has to be so. */
  readonly forSeconds: number;
  readonly meaning: string;
  readonly action: string;
}

/** The pods that alerts and graphs are about. */
export interface Watched {
  /** The name of their workload. */
  readonly workload: string;
  readonly namespace: string;
  /** A pattern of the names of its pods. */
  readonly pods: string;
}

/** The share of a limit from which people hear that it is near, in percent. */
export const NEAR_PERCENT = 80;

/** How long one refusal, loss or defect is told. */
export const NOTICE_MINUTES = 15;

/** Label matchers for the series of the pods; without the braces, to add others. */
export const matchers = ({ namespace, pods }: Watched): string =>
  `namespace="${namespace}",pod=~"${pods}"`;

/** The series of a metric at these pods. */
export const series = (watched: Watched, metric: string, further = ""): string =>
  `${metric}{${matchers(watched)}${further && `,${further}`}}`;

/** Counters that have grown within the notice. `increase` does not see what a series has when it is scraped first. */
export function grown(counter: string): string {
  const window = `${NOTICE_MINUTES}m`;
  return `(increase(${counter}[${window}]) > 0 or (${counter} > 0 unless ${counter} offset ${window}))`;
}

/** The names of the metrics that an expression of PromQL reads. */
export function metricsIn(expr: string): string[] {
  const names = expr.match(
    /\b(?:mcp_fleet|process|nodejs|redis|kubelet|certmanager)_[a-z_]+(?=[{[])/g,
  );
  return [...new Set(names)];
}
