import * as z from "zod";
import { count, text, unsupported } from "./fields.ts";

/** Who may do what, in Cedar's words. */
export interface AuthorizationSettings {
  /** Cedar texts, one policy or more in each. */
  readonly policies: readonly string[];
  /** Cedar entities as JSON, such as groups of groups. Absent: none. */
  readonly entitiesJson?: string;
  /** The claim that lists a principal's groups. Absent: the first there is of groups, roles and cognito:groups. */
  readonly groupClaimName?: string;
  /** A claim whose values are groups, too. Absent: none. */
  readonly roleClaimName?: string;
  /** Cedar's type of groups. */
  readonly groupEntityType: string;
  /** Decisions that a process keeps. */
  readonly cachedDecisions: number;
}

/** How many decisions a process keeps by default. */
export const CACHED_DECISIONS = 50_000;

/** A policy set beyond this is no text that somebody reads, and takes long to decide by. */
const POLICY_BYTES = 256 * 2 ** 10;
const MAX_POLICIES = 1_000;

const policy = z.string().min(1).max(POLICY_BYTES).describe("One Cedar policy, or several.");

export const authorization = z.strictObject({
  type: z
    .enum(["none", "cedar"])
    .optional()
    .describe("Who may do what: every client everything (none), or what Cedar policies permit."),
  policies: z
    .array(policy)
    .max(MAX_POLICIES)
    .optional()
    .describe("Cedar policies. Whatever none permits, or one forbids, is not there for a client."),
  entitiesJson: text(
    "Cedar entities as JSON, such as groups that are members of groups.",
  ).optional(),
  primaryUpstreamProvider: unsupported(
    "there is no authorization server, so claims are those of the client's own token.",
  ).optional(),
  groupClaimName: text(
    "The claim that lists the groups of a client. A dot leads into a claim that is a map. Absent: the first there is of groups, roles and cognito:groups.",
  ).optional(),
  roleClaimName: text("A further claim whose values count as groups. Absent: none.").optional(),
  groupEntityType: z
    .string()
    .regex(/^[A-Za-z_]\w*$/)
    .default("THVGroup")
    .describe("Cedar's entity type of groups."),
  cachedDecisions: count(
    "The maximum number of decisions that a process keeps; the least recently used one is made again.",
    100,
    10_000_000,
  ).default(CACHED_DECISIONS),
});

type Parsed = z.output<typeof authorization>;

/** Undefined where everybody may do everything. */
export function authorizationOf(parsed: Parsed | undefined): AuthorizationSettings | undefined {
  if (parsed?.type !== "cedar") return undefined;
  const { policies = [], entitiesJson, groupClaimName, roleClaimName } = parsed;
  const { groupEntityType, cachedDecisions } = parsed;
  return {
    policies,
    ...(entitiesJson !== undefined && { entitiesJson }),
    ...(groupClaimName !== undefined && { groupClaimName }),
    ...(roleClaimName !== undefined && { roleClaimName }),
    groupEntityType,
    cachedDecisions,
  };
}
