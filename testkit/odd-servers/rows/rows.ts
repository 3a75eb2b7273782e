import type { OddRow } from "../odd-server.ts";
import { EXCHANGE_ROWS } from "./exchange-rows.ts";
import { FRAMING_ROWS } from "./framing-rows.ts";
import { LIST_ROWS } from "./list-rows.ts";
import { MEDIA_ROWS } from "./media-rows.ts";
import { MESSAGE_ROWS } from "./message-rows.ts";
import { SESSION_ROWS } from "./session-rows.ts";
import { STATUS_ROWS } from "./status-rows.ts";

/** What is odd, by what it is odd about: a table of the page each. */
export const AREAS: Readonly<Record<string, readonly OddRow[]>> = {
  "status-codes": STATUS_ROWS,
  "media-types": MEDIA_ROWS,
  framing: FRAMING_ROWS,
  messages: MESSAGE_ROWS,
  sessions: SESSION_ROWS,
  lists: LIST_ROWS,
  exchanges: EXCHANGE_ROWS,
};

export const ROWS: readonly OddRow[] = Object.values(AREAS).flat();
