import { VERSION } from "./version.ts";

/**
 * The default image of gateways and proxies. A release is built with the name, version and digest of its own image; what is
 * built without one means the image of `make image`.
 */
export const DEFAULT_IMAGE = process.env.MCP_FLEET_IMAGE ?? `mcp-fleet:${VERSION}`;
