import type { Attacker } from "./attacker.ts";
import { batches, hugeBodies, malformedText, nestedJson } from "./bodies.ts";
import {
  badCursors,
  cancels,
  duplicateIds,
  hangingCalls,
  lists,
  longNames,
  longUris,
} from "./calls.ts";
import {
  aborts,
  hugeHeaders,
  otherMethods,
  silentSockets,
  slowBodies,
  slowHeaders,
} from "./connections.ts";
import {
  endedSessions,
  forgedSessions,
  initializeFlood,
  inventedCapabilities,
} from "./sessions.ts";
import { unreadAnswers, unreadBatches, unreadStreams } from "./unread.ts";

/** What one kind of abuse does, until the attacker is told to stop. */
export type Abuse = (attacker: Attacker) => Promise<void>;

/** Every kind, by its name. */
export const ABUSES: ReadonlyMap<string, Abuse> = new Map([
  ["silent sockets", silentSockets],
  ["slow headers", slowHeaders],
  ["slow bodies", slowBodies],
  ["huge headers", hugeHeaders],
  ["requests that are cut off", aborts],
  ["other HTTP methods", otherMethods],
  ["huge bodies", hugeBodies],
  ["nested JSON", nestedJson],
  ["batches", batches],
  ["malformed JSON and UTF-8", malformedText],
  ["floods of initialize", initializeFlood],
  ["invented capabilities", inventedCapabilities],
  ["sessions that end at once", endedSessions],
  ["forged session ids", forgedSessions],
  ["unread answers", unreadAnswers],
  ["unread batches", unreadBatches],
  ["unread streams", unreadStreams],
  ["hanging calls", hangingCalls],
  ["cancels of what is not there", cancels],
  ["duplicate ids", duplicateIds],
  ["many lists", lists],
  ["bad cursors", badCursors],
  ["subscriptions to long URIs", longUris],
  ["long names", longNames],
]);
