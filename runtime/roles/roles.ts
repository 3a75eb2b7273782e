import type { Role as RoleName } from "@mcp-fleet/contract/settings";
import type { Role, RoleParts } from "./role.ts";

export interface RoleEntry {
  /** Clients see no other backend: they hear of changed lists in its own words, otherwise in ours. */
  readonly isOnlyBackend: boolean;
  /** Loads the role's code and makes it. */
  readonly make: (parts: RoleParts) => Promise<Role>;
}

/** Every role that a process can have. What one of them needs is loaded for it alone. */
export const ROLES: Readonly<Record<RoleName, RoleEntry>> = {
  gateway: {
    isOnlyBackend: false,
    make: async (parts) => new (await import("./gateway/gateway-role.ts")).GatewayRole(parts),
  },
  proxy: {
    isOnlyBackend: true,
    make: async (parts) => {
      const { ProxyRole } = await import("./proxy/proxy-role.ts");
      if (parts.authorizer === undefined) return new ProxyRole(parts);
      const { PolicyGate } = await import("./proxy/policy-gate.ts");
      return new ProxyRole(parts, new PolicyGate({ ...parts, authorizer: parts.authorizer }));
    },
  },
};
