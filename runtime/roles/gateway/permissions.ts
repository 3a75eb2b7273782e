import { LRUCache } from "lru-cache";
import type { Authorizer } from "../../authz/authorizer.ts";
import { callArguments } from "../../authz/call-arguments.ts";
import type { Item } from "../../authz/decider.ts";
import { hintsOf } from "../../authz/tool-hints.ts";
import type { RequestContext } from "../../calls/request-context.ts";
import type { Catalog } from "../../catalog/catalog.ts";
import type { OfferedList } from "../../catalog/offered-list.ts";
import type { LiveSession } from "../../sessions/live-session.ts";
import type { Principal } from "../../sessions/principal.ts";
import type { ListName } from "../../wire/methods.ts";

/** Lists of one catalog that are kept for classes of principals. */
const KEPT_LISTS = 200;

/** What of the merged lists a client may use. Without an authorizer that is all of it, and nothing is asked. */
export class Permissions {
  readonly #authorizer: Authorizer | undefined;
  readonly #items = new WeakMap<Catalog, Map<ListName, ReadonlyMap<string, Item>>>();
  readonly #offered = new WeakMap<Catalog, LRUCache<string, OfferedList>>();
  /** Whose sessions have listed something here. */
  readonly #principals = new WeakMap<LiveSession, Principal>();

  constructor(authorizer: Authorizer | undefined) {
    this.#authorizer = authorizer;
  }

  /** A list for whoever asks for it. */
  async list(
    { principal, session }: RequestContext,
    catalog: Catalog,
    list: ListName,
  ): Promise<OfferedList> {
    if (this.#authorizer === undefined) return catalog.list(list);
    if (session !== undefined) this.#principals.set(session, principal);
    return await this.#listFor(this.#authorizer, principal, catalog, list);
  }

  /** The list that a session would get now; all of it where nobody knows whose session it is, since it has listed nothing here. */
  async #listOf(session: LiveSession, catalog: Catalog, list: ListName): Promise<OfferedList> {
    const principal = this.#principals.get(session);
    if (this.#authorizer === undefined || principal === undefined) return catalog.list(list);
    return await this.#listFor(this.#authorizer, principal, catalog, list);
  }

  /** The digests of those lists that are others for a session than it got last. */
  async changedFor(
    session: LiveSession,
    catalog: Catalog,
    lists: readonly ListName[],
  ): Promise<ReadonlyMap<ListName, string>> {
    const changed = new Map<ListName, string>();
    for (const list of lists) {
      const { digest } = await this.#listOf(session, catalog, list);
      if (session.listed.get(list) !== digest) changed.set(list, digest);
    }
    return changed;
  }

  /**
   * Whether a request may use an item of a list.
   *
   * @param args the arguments of the call.
   */
  permits(
    { principal }: RequestContext,
    catalog: Catalog,
    item: Omit<Item, "hints">,
    args?: unknown,
  ): boolean | Promise<boolean> {
    if (this.#authorizer === undefined) return true;
    const listed = this.#itemsOf(catalog, item.list).get(item.name) ?? item;
    return this.#authorizer.permits(principal, listed, callArguments(args));
  }

  async #listFor(
    authorizer: Authorizer,
    principal: Principal,
    catalog: Catalog,
    list: ListName,
  ): Promise<OfferedList> {
    const kept =
      this.#offered.get(catalog) ?? new LRUCache<string, OfferedList>({ max: KEPT_LISTS });
    this.#offered.set(catalog, kept);
    const key = `${list} ${authorizer.classOf(principal)}`;
    const present = kept.get(key);
    if (present !== undefined) return present;
    const items = [...this.#itemsOf(catalog, list).values()];
    const offered = catalog.list(list).filter(await authorizer.select(principal, items));
    kept.set(key, offered);
    return offered;
  }

  /** By name, in the order of the list. */
  #itemsOf(catalog: Catalog, list: ListName): ReadonlyMap<string, Item> {
    const known = this.#items.get(catalog) ?? new Map<ListName, ReadonlyMap<string, Item>>();
    this.#items.set(catalog, known);
    const present = known.get(list);
    if (present !== undefined) return present;
    const { names, items: texts } = catalog.list(list);
    const items = new Map(
      names.map((name, index): [string, Item] => {
        const backend = catalog.providerOf(list, name) ?? "";
        const hints = list === "tools" ? hintsOf(texts.text(index)) : undefined;
        return [name, { list, name, backend, ...(hints && { hints }) }];
      }),
    );
    known.set(list, items);
    return items;
  }
}
