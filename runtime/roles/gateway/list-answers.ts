import type { Settings } from "@mcp-fleet/contract/settings";
import type { Call } from "../../calls/call.ts";
import { FleetError } from "../../wire/fleet-error.ts";
import type { Message } from "../../wire/message.ts";
import { METHODS } from "../../wire/methods.ts";
import type { Permissions } from "./permissions.ts";
import type { SessionCatalogs } from "./session-catalogs.ts";

/** Longer lists come in pages: one answer with more tools helps no model. */
const PAGE_SIZE = 1000;

/** The key in a list result's `_meta` that names the backends whose items are missing. */
export const MISSING_META_KEY = "mcp-fleet/missingBackends";

/** Answers tools/list, prompts/list, resources/list and resources/templates/list from the merged catalog. */
export class ListAnswers {
  readonly #catalogs: SessionCatalogs;
  readonly #permissions: Permissions;
  readonly #failureMode: Settings["health"]["partialFailureMode"];

  constructor(
    catalogs: SessionCatalogs,
    permissions: Permissions,
    failureMode: Settings["health"]["partialFailureMode"],
  ) {
    this.#catalogs = catalogs;
    this.#permissions = permissions;
    this.#failureMode = failureMode;
  }

  /** @throws INVALID_PARAMS for an unknown cursor; BACKEND_UNREACHABLE where `partialFailureMode` is `fail`. */
  async answer({ context, message, reply }: Call): Promise<void> {
    const list = METHODS.get(message.method)?.list;
    if (list === undefined) throw new FleetError("METHOD_NOT_FOUND");
    const catalog = await this.#catalogs.refresh(context, list);
    const missing = catalog.missing(list);
    if (missing.length > 0 && this.#failureMode === "fail") throw incomplete(missing);
    const offered = await this.#permissions.list(context, catalog, list);
    const page = offered.page(cursorOf(message), PAGE_SIZE);
    if (page === undefined) {
      const text = "unknown cursor, or its item is gone: list from the start";
      throw new FleetError("INVALID_PARAMS", { message: text });
    }
    context.session?.listed.set(list, offered.digest);
    const next = page.nextCursor === undefined ? "" : `,"nextCursor":"${page.nextCursor}"`;
    const meta =
      missing.length === 0 ? "" : `,"_meta":${JSON.stringify({ [MISSING_META_KEY]: missing })}`;
    const head = `{"jsonrpc":"2.0","id":${message.idText},"result":{"${list}":[`;
    reply.framed({ head, body: page.items, tail: `]${next}${meta}}}` });
  }
}

function cursorOf({ params }: Message): string | undefined {
  const { cursor } = params;
  if (cursor === undefined || cursor === null) return undefined;
  if (typeof cursor === "string") return cursor;
  throw new FleetError("INVALID_PARAMS", { message: "params.cursor must be a string" });
}

/** Where `partialFailureMode` is `fail`. */
export function incomplete(missing: readonly string[]): FleetError {
  return new FleetError("BACKEND_UNREACHABLE", {
    message: `partialFailureMode is fail, and these backends are unavailable: ${missing.join(", ")}`,
    data: { missingBackends: missing },
  });
}
