import {
  Counter,
  collectDefaultMetrics,
  Gauge,
  Histogram,
  type MetricObjectWithValues,
  type MetricValue,
  type OpenMetricsContentType,
  openMetricsContentType,
  Registry,
} from "prom-client";

export interface MetricDescription {
  readonly name: string;
  readonly type: "counter" | "gauge" | "histogram";
  readonly labels: readonly string[];
  readonly help: string;
}

type Metric = Counter | Gauge | Histogram;

/** The metrics of a process, each in one place with its help text, on top of those that every Node process has. */
export abstract class MetricSet {
  readonly registry: Registry | Registry<OpenMetricsContentType>;
  /** Whether measurements name the trace that they are of, which only the OpenMetrics format can say. */
  readonly hasExemplars: boolean;
  readonly #described: MetricDescription[] = [];
  readonly #byLabel = new Map<string, Metric[]>();

  constructor(hasExemplars = false) {
    this.hasExemplars = hasExemplars;
    this.registry = hasExemplars ? openMetrics() : new Registry();
    collectDefaultMetrics({ register: this.registry });
  }

  /** Our own metrics, in the order in which they are made; those of the process come on top. */
  get described(): readonly MetricDescription[] {
    return this.#described;
  }

  text(): Promise<string> {
    return this.registry.metrics();
  }

  /** The same, for who sends it on. */
  values(): Promise<readonly MetricObjectWithValues<MetricValue<string>>[]> {
    return this.registry.getMetricsAsJSON();
  }

  /** The metrics with this among their labels. */
  protected labelled(label: string): readonly Metric[] {
    return this.#byLabel.get(label) ?? [];
  }

  protected counter(name: string, help: string, labels: string[] = []): Counter {
    return this.#kept(new Counter(this.#describe("counter", name, help, labels)), labels);
  }

  protected gauge(name: string, help: string, labels: string[] = []): Gauge {
    return this.#kept(new Gauge(this.#describe("gauge", name, help, labels)), labels);
  }

  protected histogram(name: string, help: string, labels: string[], buckets: number[]): Histogram {
    const described = this.#describe("histogram", name, help, labels);
    return this.#kept(new Histogram({ ...described, buckets }), labels);
  }

  /** A histogram whose measurements are handed over with the trace that they are of, where there are exemplars. */
  protected traced(name: string, help: string, labels: string[], buckets: number[]): Histogram {
    const described = this.#describe("histogram", name, help, labels);
    const { hasExemplars: enableExemplars } = this;
    return this.#kept(new Histogram({ ...described, buckets, enableExemplars }), labels);
  }

  #kept<Made extends Metric>(metric: Made, labels: readonly string[]): Made {
    for (const label of labels) {
      this.#byLabel.set(label, [...(this.#byLabel.get(label) ?? []), metric]);
    }
    return metric;
  }

  #describe(type: MetricDescription["type"], shortName: string, help: string, labels: string[]) {
    const name = `mcp_fleet_${shortName}`;
    this.#described.push({ name, type, labels, help });
    return { name, help, labelNames: labels, registers: [this.registry] };
  }
}

function openMetrics(): Registry<OpenMetricsContentType> {
  const registry = new Registry<OpenMetricsContentType>();
  registry.setContentType(openMetricsContentType);
  return registry;
}
