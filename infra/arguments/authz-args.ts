import type { Input } from "@pulumi/pulumi";
import type { AuthorizationType } from "./choices.ts";

/** What clients may use. What is not permitted is not there for them. */
export interface AuthzArgs {
  /** By what it is decided. */
  type: AuthorizationType;
  /** Cedar policies, as mcp-fleet validate checks them. Required with type cedar. */
  policies?: Input<string>[];
  /** Cedar entities as JSON, such as groups that are members of groups. Default: none. */
  entitiesJson?: Input<string>;
  /** The claim that lists the groups of a client. Default: the first there is of groups, roles and cognito:groups. */
  groupClaimName?: string;
  /** A further claim whose values count as groups. Default: none. */
  roleClaimName?: string;
  /** Cedar's entity type of groups. Default: THVGroup. */
  groupEntityType?: string;
  /** The maximum number of decisions that a pod keeps. Default: 50000. */
  cachedDecisions?: number;
}
