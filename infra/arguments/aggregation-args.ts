import type { ConflictResolution, ToolVisibility } from "./choices.ts";

/** How the lists of all backends become one. */
export interface AggregationArgs {
  /** How equal names of tools of several backends are told apart: by prefixes, by priorityOrder, or by overrides and filters alone (manual). Default: prefix. */
  conflictResolution?: ConflictResolution;
  /** The prefix of tool and prompt names; {workload} stands for the name of the backend. Default: {workload}_. */
  prefixFormat?: string;
  /** The backends whose names come first, the first one first. Required with conflictResolution priority. Default: none. */
  priorityOrder?: string[];
  /** Per backend: which tools are listed, and under which names. Default: all, as they are. */
  tools?: ToolRulesArgs[];
  /** Whether the tools of all backends are hidden. Default: false. */
  excludeAllTools?: boolean;
  /** Whether the tools of a backend without an entry in tools are listed. Default: allow. */
  defaultToolVisibility?: ToolVisibility;
  /** Per backend: which prompts are listed, and under which names. Default: all, as they are. */
  prompts?: PromptRulesArgs[];
  /** Per backend: which resources and resource templates are listed. Default: all, as they are. */
  resources?: ResourceRulesArgs[];
}

/** What clients see of the tools of one backend. */
export interface ToolRulesArgs {
  /** The name of the backend. */
  workload: string;
  /** The tools that clients may see and call, by their names after overrides. Default: all. */
  filter?: string[];
  /** Whether all tools of the backend are hidden. Default: false. */
  excludeAll?: boolean;
  /** By the tool's name at the backend: what clients see instead. Default: none. */
  overrides?: Record<string, ToolOverrideArgs>;
}

/** What clients see of the prompts of one backend. */
export interface PromptRulesArgs {
  /** The name of the backend. */
  workload: string;
  /** The prompts that clients may see and use, by their names after overrides. Default: all. */
  filter?: string[];
  /** Whether all prompts of the backend are hidden. Default: false. */
  excludeAll?: boolean;
  /** By the prompt's name at the backend: what clients see instead. Default: none. */
  overrides?: Record<string, ItemOverrideArgs>;
}

/** What clients see of the resources and resource templates of one backend. */
export interface ResourceRulesArgs {
  /** The name of the backend. */
  workload: string;
  /** The resources and templates that clients may see and read, by their URIs and URI templates. Default: all. */
  filter?: string[];
  /** Whether all resources and templates of the backend are hidden. Default: false. */
  excludeAll?: boolean;
  /** By the URI or URI template: what clients see instead. Default: none. */
  overrides?: Record<string, ItemOverrideArgs>;
}

/** What clients see of a prompt, resource or template instead of what its backend says. */
export interface ItemOverrideArgs {
  /** Its new name; a resource keeps its URI. Default: the backend's. */
  name?: string;
  /** Its title. Default: the backend's. */
  title?: string;
  /** Its description. Default: the backend's. */
  description?: string;
}

/** What clients see of a tool instead of what its backend says. */
export interface ToolOverrideArgs {
  /** Its new name. Default: the backend's. */
  name?: string;
  /** Its title. Default: the backend's. */
  title?: string;
  /** Its description. Default: the backend's. */
  description?: string;
  /** Its annotations; those that are absent are the backend's. Default: the backend's. */
  annotations?: ToolAnnotationsArgs;
}

/** Annotations of a tool. */
export interface ToolAnnotationsArgs {
  /** The title. Default: the backend's. */
  title?: string;
  /** Whether it only reads. Default: the backend's. */
  readOnlyHint?: boolean;
  /** Whether it may destroy something. Default: the backend's. */
  destructiveHint?: boolean;
  /** Whether a second call changes nothing more. Default: the backend's. */
  idempotentHint?: boolean;
  /** Whether it reaches beyond its own server. Default: the backend's. */
  openWorldHint?: boolean;
}
