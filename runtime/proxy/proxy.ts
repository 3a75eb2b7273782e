import type { RoleParts } from "../relay/role-parts.ts";
import { type ProcessOptions, RoleProcess } from "../role-process.ts";
import { ProxyRole } from "./proxy-role.ts";

/** The proxy: one MCP server's front, which keeps every session on its pod. */
export function createProxy(options: ProcessOptions): RoleProcess {
  return new RoleProcess(options, (parts: RoleParts) => new ProxyRole(parts));
}
