import type { StoreUserArgs } from "../redis-sentinel-args.ts";

/** The prefix of all keys of gateways and proxies. Their ACL denies access to others. */
export const KEY_PREFIX = "mcp-fleet:";

/** The keys of a single gateway or server. */
export interface KeySpace {
  readonly name: string;
  /** With its colon. */
  readonly keyPrefix: string;
}

/** By default the keys that a gateway or server of this name uses anyway. */
export function keySpace({ name, keyPrefix = `${KEY_PREFIX}${name}:` }: StoreUserArgs): KeySpace {
  return { name, keyPrefix };
}
