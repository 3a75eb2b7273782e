import type { Section } from "@mcp-fleet/contract";

/** A component of the package in a program. */
export interface Component {
  readonly type: "RedisSentinel" | "McpServer" | "VirtualMcpServer";
  /** Its name in Pulumi. */
  readonly name: string;
  /** In the order of the components' documentation. Values may be References. */
  readonly args: Section;
}

/** In arguments, another component of the program: a server as a backend, or a store. */
export class Reference {
  readonly component: Component;
  /** The same as plain arguments, for languages in which components do not stand for them. */
  readonly plain: Section;

  constructor(component: Component, plain: Section = {}) {
    this.component = component;
    this.plain = plain;
  }
}

/** A program: stores, then servers, then gateways. */
export interface Program {
  readonly name: string;
  readonly components: readonly Component[];
}

/** The languages that programs are written in, and the file of each. */
export const LANGUAGES = {
  typescript: "index.ts",
  python: "__main__.py",
  yaml: "Pulumi.yaml",
} as const;

export type Language = keyof typeof LANGUAGES;
