import type { AuthorizationSettings } from "@mcp-fleet/contract/settings";
import type { Authorizer } from "../authz/authorizer.ts";
import type { Item } from "../authz/decider.ts";
import type { Principal } from "../sessions/principal.ts";
import type { Auditor } from "./auditor.ts";

/** Has each decision about one item written. */
export class AuditedAuthorizer implements Authorizer {
  readonly #authorizer: Authorizer;
  readonly #auditor: Auditor;

  constructor(authorizer: Authorizer, auditor: Auditor) {
    this.#authorizer = authorizer;
    this.#auditor = auditor;
  }

  get readsHints(): boolean {
    return this.#authorizer.readsHints;
  }

  classOf(principal: Principal): string {
    return this.#authorizer.classOf(principal);
  }

  async permits(
    principal: Principal,
    item: Item,
    args?: Readonly<Record<string, unknown>>,
  ): Promise<boolean> {
    const permits = await this.#authorizer.permits(principal, item, args);
    this.#auditor.decided(principal, item.list, item.name, item.backend, permits);
    return permits;
  }

  select(principal: Principal, items: readonly Item[]): Promise<readonly boolean[]> {
    return this.#authorizer.select(principal, items);
  }

  apply(settings: AuthorizationSettings | undefined): Promise<void> {
    return this.#authorizer.apply(settings);
  }

  close(): Promise<void> {
    return this.#authorizer.close();
  }
}
