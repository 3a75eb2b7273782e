import type { Role as RoleName } from "@mcp-fleet/contract/settings";
import type { Role, RoleParts } from "./role.ts";

export interface RoleEntry {
  /** Clients hear of changed lists in the backend's own words; otherwise in ours. */
  readonly passesListChanges: boolean;
  /** Loads the role's code and makes it. */
  readonly make: (parts: RoleParts) => Promise<Role>;
}

/** Every role that a process can have. What one of them needs is loaded for it alone. */
export const ROLES: Readonly<Record<RoleName, RoleEntry>> = {
  gateway: {
    passesListChanges: false,
    make: async (parts) => new (await import("./gateway/gateway-role.ts")).GatewayRole(parts),
  },
  proxy: {
    passesListChanges: true,
    make: async (parts) => new (await import("./proxy/proxy-role.ts")).ProxyRole(parts),
  },
};
