import { type Item, readItems } from "../../catalog/listing.ts";
import { refused } from "../../upstream/sessions/backend-error.ts";
import { ownRequest } from "../../upstream/sessions/own-request.ts";
import { resultOf, type UpstreamSession } from "../../upstream/sessions/upstream-session.ts";
import { FleetError } from "../../wire/fleet-error.ts";
import { at, cut } from "../../wire/json-text.ts";
import { type ListName, listMethod } from "../../wire/methods.ts";

/** A backend whose pages never end is cut off here. */
const MAX_PAGES = 100;

/**
 * All items of one list of a backend; one that does not know the list has none.
 *
 * @throws BACKEND_REFUSED.
 */
export async function readList(
  upstream: UpstreamSession,
  list: ListName,
  signal: AbortSignal,
): Promise<Item[]> {
  const items: Item[] = [];
  let cursor: string | undefined;
  for (let page = 0; page < MAX_PAGES; page += 1) {
    const request = ownRequest(listMethod(list), cursor === undefined ? {} : { cursor });
    const { text, answer } = await upstream.request(request, "list", signal);
    if (text === undefined) throw refused(upstream.backend, answer);
    const result = resultOf(text);
    if (result === undefined) {
      if (isMethodUnknown(text)) return items;
      throw refused(upstream.backend, answer, text);
    }
    items.push(...readItems(result, list));
    const next = at(result, "nextCursor");
    cursor = next === undefined ? undefined : cursorOf(cut(result, next));
    if (cursor === undefined) return items;
  }
  throw new FleetError("BACKEND_REFUSED", {
    message: `the backend ${upstream.backend.name} has more than ${MAX_PAGES} pages of ${list}`,
    data: { backend: upstream.backend.name },
  });
}

/** Servers with resources but without templates answer so. */
function isMethodUnknown(text: string): boolean {
  const code = at(text, "error", "code");
  return code !== undefined && cut(text, code) === "-32601";
}

function cursorOf(text: string): string | undefined {
  const cursor: unknown = JSON.parse(text);
  return typeof cursor === "string" ? cursor : undefined;
}
