import type { Fields } from "../stack/fields.ts";

/** Every container of a pod, including init and ephemeral containers. */
export function allContainers(podSpec: Fields): Fields[] {
  return ["initContainers", "containers", "ephemeralContainers"].flatMap((list) =>
    podSpec.at(list).items(),
  );
}
