import { createHash } from "node:crypto";
import type { Watched } from "./alert.ts";

/** A graph: its title, its queries, and the planned value as its threshold. */
export interface Panel {
  readonly title: string;
  /** As Grafana names it: `short`, `s`, `bytes`, `reqps`. */
  readonly unit: string;
  readonly queries: readonly (readonly [query: string, legend: string])[];
  readonly planned?: number;
}

const WIDTH = 12;
const HEIGHT = 8;

/** Chosen on the dashboard; by default Grafana's first one. */
const DATA_SOURCE = { type: "prometheus", uid: "$datasource" };

/** A Grafana dashboard for the pods of one workload. The library is loaded only where one is wanted. */
export async function dashboard(
  watched: Pick<Watched, "workload" | "namespace">,
  panels: readonly Panel[],
): Promise<object> {
  const { DashboardBuilder, DatasourceVariableBuilder } = await import(
    "@grafana/grafana-foundation-sdk/dashboard"
  );
  const builder = new DashboardBuilder(`mcp-fleet ${watched.workload} (${watched.namespace})`)
    .uid(uidOf(watched))
    .tags(["mcp-fleet"])
    .timezone("utc")
    .refresh("30s")
    .time({ from: "now-1h", to: "now" })
    .withVariable(
      new DatasourceVariableBuilder("datasource").label("Data source").type(DATA_SOURCE.type),
    );
  for (const panel of await Promise.all(panels.map(graph))) builder.withPanel(panel);
  return builder.build();
}

/** Grafana accepts at most 40 characters. */
function uidOf({ workload, namespace }: Pick<Watched, "workload" | "namespace">): string {
  const digest = createHash("sha256").update(`${namespace}/${workload}`).digest("hex");
  return `mcp-fleet-${digest.slice(0, 30)}`;
}

async function graph({ title, unit, queries, planned }: Panel) {
  const { PanelBuilder } = await import("@grafana/grafana-foundation-sdk/timeseries");
  const { DataqueryBuilder } = await import("@grafana/grafana-foundation-sdk/prometheus");
  const { VizLegendOptionsBuilder } = await import("@grafana/grafana-foundation-sdk/common");
  const builder = new PanelBuilder()
    .title(title)
    .unit(unit)
    .datasource(DATA_SOURCE)
    .span(WIDTH)
    .height(HEIGHT)
    .legend(new VizLegendOptionsBuilder().showLegend(true));
  for (const [index, [expr, legend]] of queries.entries()) {
    const refId = String.fromCharCode("A".charCodeAt(0) + index);
    builder.withTarget(new DataqueryBuilder().refId(refId).expr(expr).legendFormat(legend));
  }
  return planned === undefined ? builder : await withThreshold(builder, planned);
}

type Graph = InstanceType<
  typeof import("@grafana/grafana-foundation-sdk/timeseries")["PanelBuilder"]
>;

/** A dashed line at the planned value. */
async function withThreshold(builder: Graph, planned: number): Promise<Graph> {
  const { ThresholdsConfigBuilder, ThresholdsMode } = await import(
    "@grafana/grafana-foundation-sdk/dashboard"
  );
  const { GraphThresholdsStyleConfigBuilder, GraphThresholdsStyleMode } = await import(
    "@grafana/grafana-foundation-sdk/common"
  );
  const steps = [
    { color: "green", value: null },
    { color: "red", value: planned },
  ];
  return builder
    .thresholds(new ThresholdsConfigBuilder().mode(ThresholdsMode.Absolute).steps(steps))
    .thresholdsStyle(new GraphThresholdsStyleConfigBuilder().mode(GraphThresholdsStyleMode.Dashed));
}
