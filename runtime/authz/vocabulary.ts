import type { ListName } from "../wire/methods.ts";

/** What policies speak of, in ToolHive's words: files of its users decide here as they do there. */

/** What a client does with an item of each list. */
export const ACTION_OF: Readonly<Record<ListName, string>> = {
  tools: "call_tool",
  prompts: "get_prompt",
  resources: "read_resource",
  resourceTemplates: "read_resource",
};

export const TYPE_OF: Readonly<Record<ListName, string>> = {
  tools: "Tool",
  prompts: "Prompt",
  resources: "Resource",
  resourceTemplates: "Resource",
};

export const PRINCIPAL_TYPE = "Client";

/** The backend that an item comes from, and the gateway that offers it: parents of every resource. */
export const BACKEND_TYPE = "Backend";
export const GATEWAY_TYPE = "MCP";

/** Lists are always answered, with what the other actions permit: these are known, and never asked. */
const LIST_ACTIONS = ["list_tools", "list_prompts", "list_resources"];

export const ACTIONS: readonly string[] = [...new Set(Object.values(ACTION_OF)), ...LIST_ACTIONS];

export const ENTITY_TYPES: readonly string[] = [
  PRINCIPAL_TYPE,
  "Action",
  ...new Set(Object.values(TYPE_OF)),
  "FeatureType",
  BACKEND_TYPE,
  GATEWAY_TYPE,
];

/** Hints of a tool's annotations. A tool without one has no such attribute. */
export const HINTS = ["readOnlyHint", "destructiveHint", "idempotentHint", "openWorldHint"];

export const RESOURCE_ATTRIBUTES: readonly string[] = [
  "name",
  "uri",
  "operation",
  "feature",
  ...HINTS,
];

export const CLAIM = "claim_";
export const ARGUMENT = "arg_";

/** The id of a resource: characters that ToolHive's policies cannot have become `_`. */
export function idOfUri(uri: string): string {
  return uri.replace(/[:/\\?&=# .]/g, "_");
}
