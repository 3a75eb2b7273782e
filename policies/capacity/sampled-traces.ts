import { withFacts } from "../examples/edit.ts";
import { gatewayStack } from "../examples/gateway.ts";
import { policy } from "../policy.ts";

const PASSES = withFacts(gatewayStack(), "Deployment eng-gateway", { sampledPercent: 5 });

export const sampledTraces = policy({
  name: "sampled-traces",
  level: "advisory",
  advisoryBecause: "Where few calls arrive, all of them may be traced",
  rule: "Gateways and proxies sample at most a part of the traces that begin at them.",
  prevents:
    "Under load, spans are dropped and the collector is overloaded: each call causes two spans or more in each process",
  source:
    "OpenTelemetry: sampling keeps the cost of tracing apart from the load. ToolHive samples 5 %",
  remediation:
    "Set telemetry.samplingRate to 0.05, or raise maxPercent where the load is small. Clients can have single calls sampled by their traceparent.",
  settings: {
    maxPercent: {
      type: "integer",
      default: 50,
      description: "The largest share of traces that may be sampled, in percent",
    },
  },
  examples: {
    passes: PASSES,
    fails: withFacts(PASSES, "Deployment eng-gateway", { sampledPercent: 100 }),
    says: "100 % of the traces are sampled",
  },
  subjects: ({ processes }) => processes,
  *judge({ facts }, _fleet, { maxPercent }) {
    if (!facts.has("sampledPercent")) return;
    const percent = facts.number("sampledPercent");
    if (percent <= maxPercent) return;
    yield `${percent} % of the traces are sampled, at most ${maxPercent} % should be; lower telemetry.samplingRate`;
  },
});
