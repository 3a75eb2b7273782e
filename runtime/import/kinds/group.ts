import type { Reading } from "../reading.ts";

/** An MCPGroup is the backends of a gateway; it has nothing else to say. */
export function group(reading: Reading): void {
  reading.taken("spec.description");
}
