import * as z from "zod";
import { count, duration, idle, labels, refused, text, url } from "./fields.ts";
import { sessionStorage } from "./session-storage.ts";

/** How the gateway proves itself to one backend. Only `unauthenticated` is built. */
const strategy = z
  .strictObject({
    type: z.literal("unauthenticated").describe("The only strategy that is built."),
    headerInjection: idle("the strategy header_injection"),
    tokenExchange: idle("the strategy token_exchange"),
    upstreamInject: idle("the strategy upstream_inject"),
    awsSts: idle("the strategy aws_sts"),
    xaa: idle("the strategy xaa"),
    obo: idle("the strategy obo"),
  })
  .partial()
  .required({ type: true });

const jwt = z.strictObject({
  issuer: url("Whose tokens are taken: their iss, to the letter."),
  audience: text("What their aud has to hold: this gateway's name at the issuer."),
  jwks: text(
    "The issuer's public keys: the URL or the file of a JSON Web Key Set. Both are taken over again when they change.",
  ),
  clockTolerance: duration("How far the issuer's clock may differ from this one.").prefault("30s"),
  resource: url(
    "The URL of the MCP endpoint as clients know it, for the metadata that leads them to the issuer. Absent: http:// and the Host that they ask for.",
  ).optional(),
});

const incomingAuth = z
  .strictObject({
    type: z
      .enum(["anonymous", "jwt"])
      .describe(
        "Who may call: everybody who reaches the port, or who brings a token of the issuer.",
      ),
    jwt: jwt.describe("The tokens that are taken, with type jwt."),
    oidc: refused("oidc is not built."),
    authz: z
      .strictObject({
        type: z.literal("none").describe("No authorization."),
        policies: refused("calls are not authorized."),
        entitiesJson: idle("authz cedar"),
        primaryUpstreamProvider: idle("authz cedar"),
        groupClaimName: idle("authz cedar"),
        roleClaimName: idle("authz cedar"),
        groupEntityType: idle("authz cedar"),
      })
      .partial(),
  })
  .partial();

const outgoingAuth = z
  .strictObject({
    source: z.literal("inline").describe("Where strategies come from: this file."),
    default: strategy.describe("The strategy of backends that have none of their own."),
    backends: z.record(z.string(), strategy).describe("The strategy of each backend, by name."),
  })
  .partial();

const aggregation = z.strictObject({
  conflictResolution: z
    .literal("prefix")
    .default("prefix")
    .describe("How equal names of two backends are told apart: each gets its backend's prefix."),
  conflictResolutionConfig: z
    .strictObject({
      prefixFormat: z
        .string()
        .default("{workload}_")
        .describe(
          'The prefix of tool and prompt names, with {workload} in the place of the backend\'s name. "" leaves names unchanged; of two equal names the first backend keeps it, and /status lists the conflict.',
        ),
      priorityOrder: refused("belongs to conflictResolution priority.").optional(),
    })
    .prefault({}),
  tools: z
    .array(
      z.strictObject({
        workload: text("The backend that the entry speaks of."),
        filter: refused("every tool is offered.").optional(),
        overrides: refused("tools keep their names and descriptions.").optional(),
        excludeAll: refused("every tool is offered.").optional(),
        toolConfigRef: refused("there is no Kubernetes resource to look up.").optional(),
      }),
    )
    .optional()
    .describe("Per backend: which tools are offered and how they are called."),
  excludeAllTools: refused("every tool is offered.").optional(),
  defaultToolVisibility: z.literal("allow").optional().describe("Tools are offered by default."),
});

/** The longest wait for the answer to a call, where nobody says. */
export const CALL_TIMEOUT = "60s";

const operational = z.strictObject({
  logLevel: z
    .enum(["debug", "info", "warn", "error", "silent"])
    .default("info")
    .describe("The least severe line that the log keeps."),
  timeouts: z
    .strictObject({
      default: duration(
        "The longest wait for the answer to a call, where limits.callTimeout is absent.",
      ).prefault(CALL_TIMEOUT),
      perWorkload: z
        .record(z.string(), duration("The longest wait for the answer to a call of this backend."))
        .prefault({})
        .describe("By backend name: the same, where backends[].callTimeout is absent."),
    })
    .prefault({}),
  failureHandling: z
    .strictObject({
      healthCheckInterval: duration("The time between two checks of a backend.").prefault("30s"),
      healthCheckTimeout: duration(
        "The longest wait for a check. Absent: 10s, or the interval where that is shorter.",
      ).optional(),
      unhealthyThreshold: count(
        "A backend that has not answered for this many checks offers nothing: its items leave the lists.",
        1,
        100,
      ).default(3),
      statusReportingInterval: duration(
        "The time between two log lines with the state of all backends. Absent: no such lines.",
      ).optional(),
      partialFailureMode: z
        .enum(["best_effort", "fail"])
        .default("best_effort")
        .describe(
          "A list while a backend is away: best_effort leaves its part out, fail answers an error.",
        ),
      circuitBreaker: refused("calls always go to the backend.").optional(),
    })
    .prefault({}),
});

/**
 * The part of the configuration that ToolHive's vmcp reads too: an existing anonymous file starts
 * unchanged. The schema accepts what is built; the refusals explain the rest.
 */
export const toolhive = {
  name: text("The gateway's name in initialize, log and status.").default("mcp-fleet"),
  groupRef: text("ToolHive's group of the backends. No effect.").optional(),
  metadata: labels("Your own notes. No effect.").prefault({}),
  incomingAuth: incomingAuth.optional(),
  outgoingAuth: outgoingAuth.optional(),
  aggregation: aggregation.prefault({}),
  operational: operational.prefault({}),
  sessionStorage: sessionStorage.optional(),
  compositeTools: refused("workflows are not built.").optional(),
  compositeToolRefs: refused("workflows are not built.").optional(),
  telemetry: refused("OpenTelemetry is not built.").optional(),
  audit: refused("the audit log is not built.").optional(),
  optimizer: refused("the optimizer is not built.").optional(),
  codeMode: refused("code mode is not built.").optional(),
  rateLimiting: refused("rate limits are not built.").optional(),
  passthroughHeaders: refused("client headers stay at the gateway.").optional(),
};
