import type { Attributes } from "@opentelemetry/api";
import { ATTRIBUTES, type AttributeDescription } from "./vocabulary.ts";

export type AttributeValues = Partial<Record<keyof typeof ATTRIBUTES, string | undefined>>;

/** Attributes of a request under the names that they have: the standard ones, and ToolHive's where they are wanted. */
export function named(
  values: AttributeValues,
  method: string,
  target: string | undefined,
  useLegacyAttributes: boolean,
): Attributes {
  const all: AttributeValues = {
    ...values,
    ...(method === "tools/call" && { tool: target, operation: "execute_tool" }),
    ...(method === "prompts/get" && { prompt: target }),
    rpcSystem: "jsonrpc",
    transport: "tcp",
    networkProtocol: "http",
  };
  const attributes: Attributes = {};
  for (const [key, { name, legacy }] of DESCRIBED) {
    const value = all[key];
    if (value === undefined || value === "") continue;
    attributes[name] = value;
    if (useLegacyAttributes && legacy !== undefined) attributes[legacy] = value;
  }
  return attributes;
}

const DESCRIBED = Object.entries(ATTRIBUTES) as readonly (readonly [
  keyof typeof ATTRIBUTES,
  AttributeDescription,
])[];
