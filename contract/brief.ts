/** Log, errors and status have this much of each thing that clients and servers say. */
const SAID_CHARACTERS = 200;

/** A message of ours may hold several of these. */
export const MESSAGE_CHARACTERS = 1_000;

/** What somebody outside says, as log, errors and status show it: in one line, and cut. */
export function brief(text: string, characters = SAID_CHARACTERS): string {
  const start = text.slice(0, characters).replace(/\p{Cc}+/gu, " ");
  return text.length > characters ? `${start.toWellFormed()}…` : start;
}
