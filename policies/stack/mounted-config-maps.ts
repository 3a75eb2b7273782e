import type { Fields } from "./fields.ts";

/** The names of the ConfigMaps that pods mount, as a volume or in a projected one. */
export function mountedConfigMaps(podSpec: Fields): ReadonlySet<string> {
  const volumes = podSpec.at("volumes").items();
  const sources = volumes.flatMap((volume) => volume.at("projected.sources").items());
  const names = [...volumes, ...sources].flatMap(
    (source) => source.at("configMap.name").text() ?? [],
  );
  return new Set(names);
}
