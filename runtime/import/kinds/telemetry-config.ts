import { isSection, type Section } from "@mcp-fleet/contract";
import type { Given } from "../given.ts";
import type { Field, Reading } from "../reading.ts";
import { type SecretVariable, variableName } from "./external-auth-config.ts";

/** `telemetry` of a vmcp.yaml, from an MCPTelemetryConfig and the reference to it. */
export function telemetryOf(
  given: Given,
  from: Reading,
  field: Field,
  secrets: SecretVariable[],
): Section | undefined {
  const config = given.follow(from, field, "MCPTelemetryConfig", {
    topic: "telemetry",
    why: "where telemetry goes is unknown",
    fix: "",
  });
  if (config === undefined) return undefined;
  config.taken("spec");
  const serviceName = from.section(field)?.serviceName;
  const open = config.section(OPEN) ?? {};
  const tracing = config.section(`${OPEN}.tracing`) ?? {};
  const metrics = config.section(`${OPEN}.metrics`) ?? {};
  const {
    tracing: _tracing,
    metrics: _metrics,
    enabled,
    sensitiveHeaders: _headers,
    caBundleRef: _ca,
    resourceAttributes: customAttributes,
    ...rest
  } = open;
  const isOn = enabled !== false && Object.keys(open).length > 0;
  const prometheus = config.section("spec.prometheus") ?? {};
  const { metricsOnTransportPort } = prometheus;
  return {
    ...(isOn && {
      ...rest,
      ...(customAttributes !== undefined && { customAttributes }),
      ...headersOf(config, secrets),
      ...(serviceName !== undefined && { serviceName }),
      tracingEnabled: tracing.enabled === true,
      metricsEnabled: metrics.enabled === true,
      ...(tracing.samplingRate !== undefined && { samplingRate: tracing.samplingRate }),
      ...certificatesOf(config),
    }),
    ...(prometheus.enabled === true && {
      enablePrometheusMetricsPath: true,
      ...(metricsOnTransportPort !== undefined && { metricsOnTransportPort }),
    }),
  };
}

const OPEN = "spec.openTelemetry";

/** Where a gateway that runs without the components finds the certificates. */
const CA_PATH = "/etc/mcp-fleet/otel-ca.crt";

function headersOf(config: Reading, secrets: SecretVariable[]): Section {
  const given = config.list(`${OPEN}.sensitiveHeaders`).flatMap((entry) => {
    const { name: header, secretKeyRef: reference } = isSection(entry) ? entry : {};
    const { name, key } = isSection(reference) ? reference : {};
    const isWhole = typeof name === "string" && typeof key === "string";
    if (typeof header !== "string" || !isWhole) return [];
    const targetEnvName = variableName(`${config.name} ${header}`);
    secrets.push({ targetEnvName, name, key });
    return [[header, targetEnvName] as const];
  });
  return given.length === 0 ? {} : { headersEnv: Object.fromEntries(given) };
}

function certificatesOf(config: Reading): Section {
  const field = `${OPEN}.caBundleRef`;
  if (config.at(field) === undefined) return {};
  const fix = `mount the ConfigMap's key there, or set telemetry.caBundle in the program`;
  config.different(field, `gateway.yaml reads the certificates from ${CA_PATH}`, fix);
  return { caCertPath: CA_PATH };
}
