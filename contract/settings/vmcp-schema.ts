import * as z from "zod";
import { aggregation } from "./aggregation.ts";
import { count, duration, labels, text, unsupported } from "./fields.ts";
import { incomingAuth } from "./incoming-auth.ts";
import { strategy } from "./outgoing-auth.ts";
import { sessionStorage } from "./session-storage.ts";

const outgoingAuth = z
  .strictObject({
    source: z
      .enum(["inline", "discovered"])
      .describe(
        "Where the backends and their strategies come from: this file (inline), or discovery.directory as well (discovered).",
      ),
    default: strategy.describe("The strategy of backends without their own."),
    backends: z.record(z.string(), strategy).describe("The strategy per backend, by name."),
  })
  .partial();

/** The default call timeout. */
export const CALL_TIMEOUT = "60s";

const operational = z.strictObject({
  logLevel: z
    .enum(["debug", "info", "warn", "error", "silent"])
    .default("info")
    .describe("The minimum severity of log lines."),
  timeouts: z
    .strictObject({
      default: duration("The call timeout if limits.callTimeout is absent.").prefault(CALL_TIMEOUT),
      perWorkload: z
        .record(z.string(), duration("The call timeout for this backend."))
        .prefault({})
        .describe("By backend name: the call timeout if backends[].callTimeout is absent."),
      backendInit: unsupported("limits.initializeTimeout is this timeout.").optional(),
    })
    .prefault({}),
  listChanged: z
    .strictObject({
      enabled: z
        .literal(true)
        .default(true)
        .describe("Changes of lists are always announced to clients."),
      disabledWorkloads: unsupported("changes of every backend are announced.").optional(),
    })
    .prefault({}),
  failureHandling: z
    .strictObject({
      healthCheckInterval: duration("The interval between health checks of a backend.").prefault(
        "30s",
      ),
      healthCheckTimeout: duration(
        "The timeout of a health check. Absent: 10s, or the interval if that is shorter.",
      ).optional(),
      unhealthyThreshold: count(
        "After how many failed health checks a backend's tools, resources and prompts leave the lists.",
        1,
        100,
      ).default(3),
      statusReportingInterval: duration(
        "The interval between log lines with the state of all backends. Absent: no such lines.",
      ).optional(),
      partialFailureMode: z
        .enum(["best_effort", "fail"])
        .default("best_effort")
        .describe(
          "How lists are answered while a backend is unavailable: best_effort leaves its part out, fail returns an error.",
        ),
      circuitBreaker: unsupported("calls always go to the backend.").optional(),
    })
    .prefault({}),
});

/**
 * The part of the configuration that ToolHive's vmcp reads too: an existing anonymous file starts
 * unchanged. The schema accepts what is supported; the refusals explain the rest.
 */
export const toolhive = {
  name: text("The gateway's name in initialize, logs and /status.").default("mcp-fleet"),
  groupRef: text(
    "The ToolHive group of the backends. Gateways ignore it; mcp-fleet discover looks for its members where no backends are listed, or outgoingAuth.source is discovered.",
  ).optional(),
  metadata: labels("Labels of your own. No effect.").prefault({}),
  incomingAuth: incomingAuth.optional(),
  outgoingAuth: outgoingAuth.optional(),
  aggregation: aggregation.prefault({}),
  operational: operational.prefault({}),
  sessionStorage: sessionStorage.optional(),
  compositeTools: unsupported("there are no workflows.").optional(),
  compositeToolRefs: unsupported("there are no workflows.").optional(),
  telemetry: unsupported("there is no OpenTelemetry export.").optional(),
  audit: unsupported("there is no audit log.").optional(),
  optimizer: unsupported("there is no optimizer.").optional(),
  codeMode: unsupported("there is no code mode.").optional(),
  rateLimiting: unsupported("there are no rate limits.").optional(),
  passthroughHeaders: unsupported("client headers are not forwarded.").optional(),
};
