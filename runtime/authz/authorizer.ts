import type { AuthorizationSettings } from "@mcp-fleet/contract/settings";
import type { Principal } from "../sessions/principal.ts";
import type { Item } from "./decider.ts";

/** Decides what a client may use. What it may not use is not there for it. */
export interface Authorizer {
  /** Whether a policy reads the hints of tools: for nobody else they have to be found out. */
  readonly readsHints: boolean;

  /** Equal for principals who may use the same, whatever the arguments of a call. */
  classOf(principal: Principal): string;

  /**
   * @param args the arguments of a call; looked at only where a policy speaks of them.
   * @throws AUTHORIZATION_UNAVAILABLE where nothing can be decided.
   */
  permits(
    principal: Principal,
    item: Item,
    args?: Readonly<Record<string, unknown>>,
  ): boolean | Promise<boolean>;

  /**
   * Which of many, in their order; a call of each may still be refused for its arguments.
   *
   * @throws AUTHORIZATION_UNAVAILABLE where nothing can be decided.
   */
  select(principal: Principal, items: readonly Item[]): Promise<readonly boolean[]>;

  /**
   * Decides by other policies from now on: nothing that was decided before is valid any more.
   *
   * @throws {ConfigError} with the faults of all policies; then nothing has changed.
   */
  apply(settings: AuthorizationSettings | undefined): Promise<void>;

  close(): Promise<void>;
}
