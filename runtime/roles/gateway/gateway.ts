import { Views } from "../../catalog/views.ts";
import { type ProcessOptions, RoleProcess } from "../../server/role-process.ts";
import { VERSION } from "../../server/version.ts";
import type { RoleParts } from "../role-parts.ts";
import { GatewayRole } from "./gateway-role.ts";
import { SessionCatalogs } from "./session-catalogs.ts";

/** The gateway: one MCP endpoint over many backends. */
export function createGateway(options: ProcessOptions): RoleProcess {
  return new RoleProcess(options, gatewayRole);
}

function gatewayRole(parts: RoleParts): GatewayRole {
  const { settings, log } = parts;
  const backends = [...parts.backends.values()];
  const clientInfo = JSON.stringify({ name: "mcp-fleet", version: VERSION });
  const views = new Views({ backends, settings, clientInfo, log });
  const listTimeoutSeconds = settings.limits.callTimeoutSeconds;
  const catalogs = new SessionCatalogs({ ...parts, backends, views, listTimeoutSeconds });
  return new GatewayRole({ ...parts, views, catalogs });
}
