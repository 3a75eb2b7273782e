import { isIP } from "node:net";

const MAX_PREFIX_BITS: Readonly<Record<number, number>> = { 4: 32, 6: 128 };

/** Whether a text is a range of addresses in CIDR notation, such as 10.0.0.0/8. */
export function isCidr(text: string): boolean {
  const [, address = "", bits = ""] = /^([^/]+)\/(\d{1,3})$/.exec(text) ?? [];
  return Number(bits) <= (MAX_PREFIX_BITS[isIP(address)] ?? -1);
}

/** The ports of MCP, of the admin listener and of metrics, in containers and Services, and where nothing else is set. */
export const PORTS = { mcp: 4483, admin: 9090, metrics: 9091 } as const;

export const MAX_PORT = 65_535;

/** Whether a number is a port that something can be reached at. */
export function isPort(value: number): boolean {
  return Number.isInteger(value) && value >= 1 && value <= MAX_PORT;
}
