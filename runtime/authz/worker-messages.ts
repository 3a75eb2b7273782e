import { type Fault, isSection } from "@mcp-fleet/contract";
import type { AuthorizationSettings } from "@mcp-fleet/contract/settings";
import type { Decision, Item } from "./decider.ts";
import type { Mentions } from "./mentions.ts";
import type { PrincipalClass } from "./principal-class.ts";

/** What the thread that decides is started with. */
export interface WorkerData {
  readonly settings: AuthorizationSettings;
  /** The gateway's name. */
  readonly gateway: string;
}

export interface Question {
  readonly id: number;
  readonly principal: PrincipalClass;
  readonly items: readonly Item[];
  readonly args?: Readonly<Record<string, unknown>>;
}

export type Answer =
  | { readonly kind: "faulty"; readonly faults: readonly Fault[] }
  | {
      readonly kind: "ready";
      /** Of each policy. */
      readonly mentions: readonly Mentions[];
      /** The groups that the configuration's entities are about. */
      readonly groups: readonly string[];
    }
  | { readonly kind: "decided"; readonly id: number; readonly decisions: readonly Decision[] };

export function isWorkerData(data: unknown): data is WorkerData {
  return isSection(data) && isSection(data.settings) && typeof data.gateway === "string";
}
