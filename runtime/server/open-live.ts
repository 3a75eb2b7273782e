import type { LiveConfiguration, LiveConfigurationParts } from "./live/live-configuration.ts";

export interface OpenLiveParts extends Omit<LiveConfigurationParts, "source"> {
  readonly source: LiveConfigurationParts["source"] | undefined;
}

/**
 * What follows changes of the configuration; undefined where there is nothing to follow. A proxy's one server is part of
 * how its sessions are kept: its configuration needs a rollout.
 *
 * @throws {ConfigError} where the file or the folder cannot be read.
 */
export async function openLive({
  source,
  ...parts
}: OpenLiveParts): Promise<LiveConfiguration | undefined> {
  const { role, discovery } = parts.settings;
  if (source === undefined && discovery !== undefined) {
    throw new Error("discovery.directory needs what the settings were read from: see readStart");
  }
  const isFollowed = source?.file !== undefined || discovery !== undefined;
  if (source === undefined || !isFollowed || role !== "gateway") return undefined;
  const { LiveConfiguration: Live } = await import("./live/live-configuration.ts");
  return new Live({ ...parts, source });
}
