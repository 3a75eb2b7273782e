import type { Section } from "@mcp-fleet/contract";
import type { SecretVariable, Strategy } from "./kinds/external-auth-config.ts";
import type { ToolChoice } from "./kinds/tool-config.ts";
import type { Reading } from "./reading.ts";

/** A server of a group, as the gateways of the group call it. */
export interface ServerPart {
  readonly reading: Reading;
  /** Its name as a backend: ToolHive's name of the resource. */
  readonly name: string;
  readonly namespace: string;
  readonly group?: string;
  /** The entry of `backends` that calls what runs now: ToolHive's proxy, or the server itself where there is none. */
  readonly now: Section;
  /** The arguments of an McpServer. Absent: the gateway goes on to call what runs now. */
  readonly args?: Section;
  /** The same of a server that runs elsewhere, for the program in which no gateway calls it. */
  readonly alone?: Section;
  /** `caBundleRef` of the entry, for the certificates that a ConfigMap has. */
  readonly caBundleRef?: Section;
  readonly tools?: ToolChoice;
  readonly strategy?: Strategy;
  readonly secrets: readonly SecretVariable[];
}
