import { VERSION } from "./version.ts";

/** The image that gateways and proxies run where nobody names another one. Pin your own by digest. */
export const DEFAULT_IMAGE = `mcp-fleet:${VERSION}`;
