import { type ProcessOptions, RoleProcess } from "../../server/role-process.ts";
import type { RoleParts } from "../role-parts.ts";
import { ProxyRole } from "./proxy-role.ts";

/** The proxy: one MCP server's front, which keeps every session on its pod. */
export function createProxy(options: ProcessOptions): RoleProcess {
  return new RoleProcess(options, (parts: RoleParts) => new ProxyRole(parts));
}
