import type { Settings } from "@mcp-fleet/contract/settings";
import { LIST_NAMES, LISTS, type ListName } from "../../catalog/offer.ts";
import type { LiveSession } from "../../sessions/live-session.ts";
import { FleetError, resultText } from "../../wire/fleet-error.ts";
import type { Message } from "../../wire/message.ts";
import type { Reply } from "../../wire/reply.ts";
import type { SessionCatalogs } from "./session-catalogs.ts";

/** Longer lists come in pages: one answer with more tools helps no model. */
const PAGE_SIZE = 1000;

/** The key in a list result's `_meta` that names the backends whose items are missing. */
export const MISSING_META_KEY = "mcp-fleet/missingBackends";

/** Answers tools/list, prompts/list, resources/list and resources/templates/list from the merged catalog. */
export class ListAnswers {
  readonly #catalogs: SessionCatalogs;
  readonly #failureMode: Settings["health"]["partialFailureMode"];

  constructor(catalogs: SessionCatalogs, failureMode: Settings["health"]["partialFailureMode"]) {
    this.#catalogs = catalogs;
    this.#failureMode = failureMode;
  }

  /** Errors: INVALID_PARAMS for a cursor that is none; BACKEND_UNREACHABLE where `partialFailureMode` is `fail`. */
  async answer(session: LiveSession, message: Message, reply: Reply): Promise<void> {
    const list = listOf(message.method);
    const catalog = await this.#catalogs.refresh(session);
    const missing = this.#catalogs.viewOf(session).missing;
    if (missing.length > 0 && this.#failureMode === "fail") throw incomplete(missing);
    const page = catalog.page(list, cursorOf(message), PAGE_SIZE);
    if (page === undefined) {
      const text = "the cursor is none of this list, or its item is gone: list from the start";
      throw new FleetError("INVALID_PARAMS", { message: text });
    }
    session.listed.set(list, catalog.digest(list));
    const next = page.nextCursor === undefined ? "" : `,"nextCursor":"${page.nextCursor}"`;
    const meta =
      missing.length === 0 ? "" : `,"_meta":${JSON.stringify({ [MISSING_META_KEY]: missing })}`;
    reply.message(
      resultText(message.idText, `{"${list}":[${page.texts.join(",")}]${next}${meta}}`),
    );
  }
}

function listOf(method: string): ListName {
  const list = LIST_NAMES.find((name) => LISTS[name].method === method);
  if (list === undefined) throw new FleetError("METHOD_NOT_FOUND");
  return list;
}

function cursorOf({ params }: Message): string | undefined {
  const { cursor } = params;
  if (cursor === undefined || typeof cursor === "string") return cursor;
  throw new FleetError("INVALID_PARAMS", { message: "params.cursor is no string" });
}

function incomplete(missing: readonly string[]): FleetError {
  return new FleetError("BACKEND_UNREACHABLE", {
    message: `lists are not answered in part (partialFailureMode: fail), and these backends are missing: ${missing.join(", ")}`,
    data: { missingBackends: missing },
  });
}
