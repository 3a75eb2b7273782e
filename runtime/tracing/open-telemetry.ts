import type { Telemetry, TelemetryParts } from "./telemetry.ts";

export interface OpenTelemetryParts extends Omit<TelemetryParts, "telemetry"> {
  readonly settings: TelemetryParts["settings"] & {
    readonly telemetry?: TelemetryParts["telemetry"];
  };
}

/**
 * What sends traces and metrics away; undefined, with nothing loaded, where none are.
 *
 * @throws {ConfigError} where a certificate or a header's variable cannot be read.
 */
export async function openTelemetry(parts: OpenTelemetryParts): Promise<Telemetry | undefined> {
  const { telemetry } = parts.settings;
  if (telemetry === undefined) return undefined;
  const { Telemetry: Opened } = await import("./telemetry.ts");
  return await Opened.open({ ...parts, telemetry });
}
