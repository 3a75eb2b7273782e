import { type Attributes, type HrTime, ValueType } from "@opentelemetry/api";
import type { Resource } from "@opentelemetry/resources";
import {
  AggregationTemporality,
  type CollectionResult,
  DataPointType,
  type MetricData,
  type MetricProducer,
} from "@opentelemetry/sdk-metrics";
import type { MetricObjectWithValues, MetricValue } from "prom-client";
import { clock } from "../platform/clock.ts";
import { VERSION } from "../platform/version.ts";
import type { Metrics } from "../telemetry/metrics.ts";

type PrometheusMetric = MetricObjectWithValues<MetricValue<string>>;

interface HistogramPoint {
  attributes: Attributes;
  buckets: [number, number][];
  sum: number;
  count: number;
}

/** The metrics that Prometheus reads, as OTLP sends them: the same names, labels and figures. */
export class FleetMetrics implements MetricProducer {
  readonly #metrics: Metrics;
  readonly #resource: Resource;
  readonly #startTime = hrTime(clock.now());

  constructor(metrics: Metrics, resource: Resource) {
    this.#metrics = metrics;
    this.#resource = resource;
  }

  async collect(): Promise<CollectionResult> {
    const all = await this.#metrics.values();
    const endTime = hrTime(clock.now());
    const metrics = all.flatMap((metric) => this.#dataOf(metric, endTime) ?? []);
    const scope = { name: "mcp-fleet", version: VERSION };
    const scopeMetrics = [{ scope, metrics }];
    return { resourceMetrics: { resource: this.#resource, scopeMetrics }, errors: [] };
  }

  #dataOf(metric: PrometheusMetric, endTime: HrTime): MetricData | undefined {
    const { startTime } = { startTime: this.#startTime };
    const descriptor = {
      name: metric.name,
      description: metric.help,
      unit: unitOf(metric.name),
      valueType: ValueType.DOUBLE,
    };
    const common = { descriptor, aggregationTemporality: AggregationTemporality.CUMULATIVE };
    const points = metric.values
      .filter(({ value }) => Number.isFinite(value))
      .map(({ labels, value }) => ({ startTime, endTime, attributes: textsOf(labels), value }));
    // prom-client's types have numbers for what it says in words.
    const type = String(metric.type);
    if (type === "counter") {
      return { ...common, dataPointType: DataPointType.SUM, isMonotonic: true, dataPoints: points };
    }
    if (type === "gauge") {
      return { ...common, dataPointType: DataPointType.GAUGE, dataPoints: points };
    }
    if (type !== "histogram") return undefined;
    const dataPoints = histogramsOf(metric).map(({ attributes, buckets, sum, count }) => ({
      startTime,
      endTime,
      attributes,
      value: { buckets: bucketsOf(buckets, count), sum, count },
    }));
    return { ...common, dataPointType: DataPointType.HISTOGRAM, dataPoints };
  }
}

/** Prometheus counts everything up to a bound; OTLP what is between two. */
function bucketsOf(cumulative: readonly [number, number][], count: number) {
  const sorted = cumulative.toSorted(([one], [other]) => one - other);
  const counts = sorted.map(([, value], index) => value - (sorted[index - 1]?.[1] ?? 0));
  const rest = count - (sorted.at(-1)?.[1] ?? 0);
  return { boundaries: sorted.map(([bound]) => bound), counts: [...counts, rest] };
}

function histogramsOf(metric: PrometheusMetric): HistogramPoint[] {
  const points = new Map<string, HistogramPoint>();
  for (const { labels, value, metricName = "" } of metric.values as NamedValue[]) {
    const { le, ...own } = labels;
    const key = JSON.stringify(own);
    const point = points.get(key) ?? { attributes: textsOf(own), buckets: [], sum: 0, count: 0 };
    points.set(key, point);
    if (metricName.endsWith("_sum")) point.sum = value;
    else if (metricName.endsWith("_count")) point.count = value;
    else if (Number.isFinite(Number(le))) point.buckets.push([Number(le), value]);
  }
  return [...points.values()];
}

/** A value of a histogram says which of its series it belongs to. */
type NamedValue = MetricValue<string> & { readonly metricName?: string };

function textsOf(labels: MetricValue<string>["labels"]): Attributes {
  return Object.fromEntries(Object.entries(labels).map(([name, value]) => [name, String(value)]));
}

function unitOf(name: string): string {
  if (/_seconds(?:_total)?$/.test(name)) return "s";
  return /_bytes(?:_total)?$/.test(name) ? "By" : "1";
}

function hrTime(milliseconds: number): HrTime {
  const seconds = Math.floor(milliseconds / 1000);
  return [seconds, Math.round((milliseconds - seconds * 1000) * 1e6)];
}
