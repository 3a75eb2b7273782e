import { CONSTANTS } from "@mcp-fleet/contract/capacity";
import { memoryQuantity } from "../process/quantity.ts";

interface EphemeralStorage {
  readonly "ephemeral-storage": string;
}

/** Request and limit of a container's local disk: its logs, and what else it writes. Its own files are read-only. */
export function ephemeralStorage(furtherBytes = 0): {
  readonly requests: EphemeralStorage;
  readonly limits: EphemeralStorage;
} {
  const { logBytes, ephemeralBytes } = CONSTANTS;
  return {
    requests: { "ephemeral-storage": memoryQuantity(logBytes.value + furtherBytes) },
    limits: { "ephemeral-storage": memoryQuantity(ephemeralBytes.value + furtherBytes) },
  };
}
