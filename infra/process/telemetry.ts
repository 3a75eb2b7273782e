import type { Input } from "@pulumi/pulumi";
import type { TelemetryArgs } from "../arguments/telemetry-args.ts";
import { present } from "../facts.ts";
import { CONFIGURATION_PATH } from "./configuration-file.ts";

const CA_FILE = "telemetry-ca.crt";

/** Where traces and metrics go, as the configuration says it: certificates are a file. */
export function telemetrySettings({ caBundle, ...telemetry }: TelemetryArgs): object {
  const caCertPath = caBundle === undefined ? undefined : `${CONFIGURATION_PATH}/${CA_FILE}`;
  return present<unknown>({ ...telemetry, caCertPath });
}

/** The file beside the configuration with the CA certificates. */
export function telemetryFiles(
  telemetry: TelemetryArgs | undefined,
): Record<string, Input<string>> {
  return telemetry?.caBundle === undefined ? {} : { [CA_FILE]: telemetry.caBundle };
}
