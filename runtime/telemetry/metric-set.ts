import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from "prom-client";

export interface MetricDescription {
  readonly name: string;
  readonly type: "counter" | "gauge" | "histogram";
  readonly labels: readonly string[];
  readonly help: string;
}

type Metric = Counter | Gauge | Histogram;

/** The metrics of a process, each in one place with its help text, on top of those that every Node process has. */
export abstract class MetricSet {
  readonly registry = new Registry();
  readonly #described: MetricDescription[] = [];
  readonly #byLabel = new Map<string, Metric[]>();

  constructor() {
    collectDefaultMetrics({ register: this.registry });
  }

  /** Our own metrics, in the order in which they are made; those of the process come on top. */
  get described(): readonly MetricDescription[] {
    return this.#described;
  }

  text(): Promise<string> {
    return this.registry.metrics();
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
