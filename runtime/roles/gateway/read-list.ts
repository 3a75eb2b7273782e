import { brief } from "@mcp-fleet/contract";
import type { Settings } from "@mcp-fleet/contract/settings";
import type { Hold } from "../../async/byte-budget.ts";
import { faultOf } from "../../catalog/item-shape.ts";
import { type Item, readItems } from "../../catalog/listing.ts";
import { refused } from "../../upstream/sessions/backend-error.ts";
import { ownRequest } from "../../upstream/sessions/own-request.ts";
import { resultOf, type UpstreamSession } from "../../upstream/sessions/upstream-session.ts";
import { at, cut } from "../../wire/json-text.ts";
import { type ListName, listMethod } from "../../wire/methods.ts";

/** What is held of the lists of one backend at most. */
export type CatalogLimits = Pick<
  Settings["limits"],
  "catalogItems" | "catalogPages" | "catalogBytes" | "catalogTemplates"
>;

/** A warning has this much of a name. */
const SAID_CHARACTERS = 100;

/** A list as far as it was read. */
export interface ListRead {
  readonly items: readonly Item[];
  /** Why it is not the whole list, or not as the backend sent it. Undefined: it is. */
  readonly warning: string | undefined;
}

/**
 * The items of one list of a backend; one that does not know the list has none. A list that goes on for ever, or beyond
 * a limit, ends with what was read.
 *
 * @param room what the list takes of the room for all lists: as much as it has in the end. Absent: it is not counted.
 * @throws BACKEND_REFUSED.
 */
export async function readList(
  upstream: UpstreamSession,
  list: ListName,
  limits: CatalogLimits,
  signal: AbortSignal,
  room?: Hold,
): Promise<ListRead> {
  const reading = new Reading(list, limits, room);
  let cursor: string | undefined;
  do {
    const request = ownRequest(listMethod(list), cursor === undefined ? {} : { cursor });
    const { text, answer } = await upstream.request(request, "list", signal);
    if (text === undefined) throw refused(upstream.backend, answer);
    const result = resultOf(text);
    if (result === undefined) {
      if (isMethodUnknown(text)) break;
      throw refused(upstream.backend, answer, text);
    }
    cursor = reading.take(result);
  } while (cursor !== undefined);
  room?.shrink(reading.bytes);
  return reading.outcome;
}

/** The pages of one list, as they arrive. */
class Reading {
  readonly #list: ListName;
  readonly #limits: CatalogLimits;
  readonly #maxItems: number;
  readonly #room: Hold | undefined;
  readonly #items = new Map<string, Item>();
  readonly #cursors = new Set<string>();
  #bytes = 0;
  #pages = 0;
  #warning: string | undefined;
  #isCut = false;

  constructor(list: ListName, limits: CatalogLimits, room: Hold | undefined) {
    const { catalogItems, catalogTemplates } = limits;
    this.#list = list;
    this.#limits = limits;
    this.#room = room;
    this.#maxItems =
      list === "resourceTemplates" ? Math.min(catalogItems, catalogTemplates) : catalogItems;
  }

  get bytes(): number {
    return this.#bytes;
  }

  get outcome(): ListRead {
    const items = [...this.#items.values()];
    // A piece of a text keeps the whole text in memory: what is left of a long one is copied.
    return {
      items: this.#isCut ? items.map((item) => ({ ...item, text: copyOf(item.text) })) : items,
      warning: this.#warning,
    };
  }

  /** Takes a page. Returns the cursor of the next one, if there is to be one. */
  take(result: string): string | undefined {
    this.#pages += 1;
    for (const item of readItems(result, this.#list)) {
      if (!this.#add(item)) return undefined;
    }
    return this.#next(result);
  }

  #add(item: Item): boolean {
    if (this.#items.has(item.name)) {
      this.#warning ??= "the backend lists a name twice: the first one stands";
      return true;
    }
    const fault = faultOf(item.text, this.#list);
    if (fault !== undefined) {
      const name = JSON.stringify(brief(item.name, SAID_CHARACTERS));
      this.#warning ??= `${name} is left out, for which clients would refuse the list: ${fault}`;
      return true;
    }
    if (this.#items.size >= this.#maxItems) {
      const isTemplate = this.#maxItems < this.#limits.catalogItems;
      const setting = isTemplate ? "catalogTemplates" : "catalogItems";
      return this.#cut(`the list has more than limits.${setting}, ${this.#maxItems} items`);
    }
    const bytes = Buffer.byteLength(item.text);
    if (this.#bytes + bytes > this.#limits.catalogBytes) {
      return this.#cut(`the list is longer than limits.catalogBytes, ${this.#limits.catalogBytes}`);
    }
    if (this.#room?.tryGrow(this.#bytes + bytes) === false) {
      return this.#cut("all lists together have no room for more (limits.catalogBytesPerView)");
    }
    this.#bytes += bytes;
    this.#items.set(item.name, item);
    return true;
  }

  #next(result: string): string | undefined {
    const span = at(result, "nextCursor");
    const cursor: unknown = span === undefined ? undefined : JSON.parse(cut(result, span));
    if (cursor === undefined || cursor === null) return undefined;
    if (typeof cursor !== "string" || cursor === "" || this.#cursors.has(cursor)) {
      const fault = typeof cursor === "string" ? "leads nowhere new" : "is not a string";
      this.#warning = `the nextCursor of page ${this.#pages} ${fault}: the list ends there`;
      return undefined;
    }
    if (this.#pages >= this.#limits.catalogPages) {
      this.#cut(`the list has more than limits.catalogPages, ${this.#pages} pages`);
      return undefined;
    }
    this.#cursors.add(cursor);
    return cursor;
  }

  #cut(reason: string): false {
    this.#warning = `${reason}: the rest is left out`;
    this.#isCut = true;
    return false;
  }
}

function copyOf(text: string): string {
  return Buffer.from(text).toString();
}

/** Servers with resources but without templates answer so. */
function isMethodUnknown(text: string): boolean {
  const code = at(text, "error", "code");
  return code !== undefined && cut(text, code) === "-32601";
}
