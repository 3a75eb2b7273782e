import { VERSION } from "./version.ts";

/** The default image of gateways and proxies. Pin your own by digest. */
export const DEFAULT_IMAGE = `mcp-fleet:${VERSION}`;
