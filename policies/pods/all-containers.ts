import type { Fields } from "../stack/fields.ts";

/** Every container of a pod: those that run, those that run before, and those that are added to look into it. */
export function allContainers(podSpec: Fields): Fields[] {
  return ["initContainers", "containers", "ephemeralContainers"].flatMap((list) =>
    podSpec.at(list).items(),
  );
}
