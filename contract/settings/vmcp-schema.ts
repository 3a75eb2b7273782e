import * as z from "zod";
import { aggregation } from "./aggregation.ts";
import { audit } from "./audit.ts";
import { count, duration, labels, text, unsupported } from "./fields.ts";
import { incomingAuth } from "./incoming-auth.ts";
import { strategy } from "./outgoing-auth.ts";
import { passthroughHeaders } from "./passthrough-headers.ts";
import { rateLimiting } from "./rate-limiting.ts";
import { sessionStorage } from "./session-storage.ts";
import { telemetry } from "./telemetry.ts";

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

/** ToolHive's `enabled`, `failureThreshold` and `timeout`, and ours on top. */
const circuitBreaker = z.strictObject({
  enabled: z
    .boolean()
    .default(false)
    .describe(
      "Whether calls to a pod that keeps failing are answered immediately (BACKEND_CIRCUIT_OPEN), or sent to another pod, instead of waiting for it. Each process has one breaker per pod.",
    ),
  failureThreshold: count(
    "After how many failures in a row the breaker of a pod opens.",
    1,
    10_000,
  ).default(5),
  timeout: duration(
    "How long it stays open, plus up to a quarter, at random, so that the processes do not try the pod at the same moment.",
  ).prefault("60s"),
  failureRatePercent: count(
    "The share of failures within the window, in percent, from which it opens too. Absent: only failures in a row count.",
    1,
    100,
  ).optional(),
  window: duration("The time over which failureRatePercent is computed.").prefault("60s"),
  minimumCalls: count(
    "The number of calls in the window from which failureRatePercent counts.",
    1,
    1_000_000,
  ).default(20),
  probes: count(
    "After the timeout, how many calls may try the pod at the same time. The first one that succeeds closes the breaker, a failure opens it again.",
    1,
    1000,
  ).default(1),
});

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
      backendInit: duration(
        "The timeout for opening a session at a backend, the gateway's own to read its lists included. Absent: limits.initializeTimeout; for the gateway's own healthCheckTimeout.",
      ).optional(),
    })
    .prefault({}),
  listChanged: z
    .strictObject({
      enabled: z
        .boolean()
        .default(true)
        .describe(
          "Whether clients are told when lists change. false: they are not, and a gateway does not declare listChanged. The lists change all the same.",
        ),
      disabledWorkloads: z
        .array(text("The name of a backend."))
        .default([])
        .describe("The backends whose changes clients are not told of."),
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
          "What happens while a backend is unavailable. best_effort: lists leave its part out. fail: the gateway is not ready until every backend has answered once, initialize is refused while a backend offers nothing, and a list that lacks a backend's part is an error (all BACKEND_UNREACHABLE). Calls to other backends go on in both.",
        ),
      circuitBreaker: circuitBreaker.prefault({}),
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
  telemetry: telemetry.optional(),
  audit: audit.prefault({}),
  optimizer: unsupported("there is no optimizer.").optional(),
  codeMode: unsupported("there is no code mode.").optional(),
  rateLimiting: rateLimiting.prefault({}),
  passthroughHeaders: passthroughHeaders(
    "The headers of a client's request that go to backends with what that request causes there. Not those between two hosts (Connection, Host, Content-*, Forwarded …) or of MCP (Mcp-*). Authorization requires acceptRisks.",
  ).default([]),
};
