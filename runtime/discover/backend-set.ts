import { type BackendEntry, entryOf } from "./backend-entry.ts";
import type { Kind } from "./kinds.ts";
import type { KubeObject } from "./kube-object.ts";
import { LeftOut } from "./left-out.ts";
import { entryText, keyOf, type PublishedEntry } from "./published-entry.ts";

/** A ConfigMap holds 1 MiB; some of it is for its own metadata. */
const MAX_BYTES = 1_000_000;

/** More than any sound entry has. */
const ENTRY_BYTES = 16_384;

/** What is known of the objects of one kind in one namespace. */
export interface SourceView {
  /** As in `MCPServer tools`. */
  readonly key: string;
  readonly kind: Kind;
  /** All that are chosen, where the API server has said so; undefined where it has not: nothing of it changes then. */
  readonly objects: readonly KubeObject[] | undefined;
}

export interface SetLimits {
  readonly maxBackends: number;
  readonly clusterDomain: string;
  /** What others have put into the ConfigMap: text by key. */
  readonly foreign: ReadonlyMap<string, string>;
}

/** What is to be published, and what is not, with the reasons. */
export interface BackendSet {
  /** By name. */
  readonly entries: ReadonlyMap<string, PublishedEntry>;
  /** By the title of the object. */
  readonly leftOut: ReadonlyMap<string, string>;
  /** Nothing would be left of what is published, so all of it stays. */
  readonly isKeptWhole: boolean;
}

interface Candidate {
  readonly object: KubeObject;
  readonly source: string;
  readonly entry: BackendEntry;
}

/**
 * The backends of all sources. What is published of a source that cannot be read stays; and the last backends stay
 * until others take their place, since a set that vanishes as a whole is an accident far more often than a wish.
 */
export function backendSet(
  sources: readonly SourceView[],
  published: ReadonlyMap<string, PublishedEntry>,
  limits: SetLimits,
): BackendSet {
  const leftOut = new Map<string, string>();
  const unread = new Set(sources.filter(({ objects }) => !objects).map(({ key }) => key));
  const entries = new Map([...published].filter(([, { source }]) => unread.has(source)));
  const governed = governedServices(sources);
  const candidates = sources
    .flatMap((source) => candidatesOf(source, limits, leftOut))
    .filter(({ object }) => {
      const owner = governed.get(object.title);
      if (owner !== undefined) leftOut.set(object.title, `${owner} stands for its pods`);
      return owner === undefined;
    });
  const wasPublished = ({ entry, object }: Candidate) =>
    published.get(entry.name)?.object === object.title;
  // Who has a name or a place keeps it; among the others, who came first.
  candidates.sort(
    (one, other) =>
      Number(wasPublished(other)) - Number(wasPublished(one)) ||
      order(one.object.createdAt, other.object.createdAt) ||
      order(one.object.title, other.object.title),
  );
  let bytes = 0;
  for (const [key, text] of limits.foreign) bytes += key.length + Buffer.byteLength(text);
  for (const [name, { text }] of entries) bytes += sizeOf(name, text);
  for (const { object, source, entry } of candidates) {
    const text = entryText(entry, object.title);
    const reason = obstacle(entry.name, text, entries, bytes, limits);
    if (reason !== undefined) {
      leftOut.set(object.title, reason);
      continue;
    }
    bytes += sizeOf(entry.name, text);
    entries.set(entry.name, { source, object: object.title, text });
  }
  const isAccident = candidates.length === 0 && leftOut.size === 0;
  const isKeptWhole = isAccident && entries.size === 0 && published.size > 0;
  return { entries: isKeptWhole ? published : entries, leftOut, isKeptWhole };
}

function candidatesOf(
  { key, kind, objects = [] }: SourceView,
  { clusterDomain }: SetLimits,
  leftOut: Map<string, string>,
): Candidate[] {
  return objects.flatMap((object) => {
    if (object.isLeaving) return [];
    try {
      return [{ object, source: key, entry: entryOf(object, kind.find(object, clusterDomain)) }];
    } catch (error) {
      if (!(error instanceof LeftOut)) throw error;
      leftOut.set(object.title, error.message);
      return [];
    }
  });
}

/** The headless Services of StatefulSets that are backends themselves. */
function governedServices(sources: readonly SourceView[]): Map<string, string> {
  const sets = sources.flatMap(({ kind, objects = [] }) =>
    kind.name === "StatefulSet" ? objects : [],
  );
  return new Map(
    sets.map((set) => [`Service ${set.namespace}/${set.text("spec", "serviceName")}`, set.title]),
  );
}

function obstacle(
  name: string,
  text: string,
  entries: ReadonlyMap<string, PublishedEntry>,
  bytes: number,
  { maxBackends, foreign }: SetLimits,
): string | undefined {
  const other = entries.get(name);
  if (other)
    return `the name ${name} is that of ${other.object}: annotate one of the two with mcp-fleet.dev/backend-name`;
  if (foreign.has(keyOf(name)))
    return `the ConfigMap has a key ${keyOf(name)} that somebody else wrote`;
  const size = sizeOf(name, text);
  if (size > ENTRY_BYTES) return `its entry has more than ${ENTRY_BYTES} bytes`;
  if (entries.size >= maxBackends)
    return `there are ${maxBackends} backends already: raise discovery.maxBackends`;
  if (bytes + size > MAX_BYTES)
    return `the ConfigMap has no room: it holds ${MAX_BYTES} bytes of entries`;
  return undefined;
}

function sizeOf(name: string, text: string): number {
  return keyOf(name).length + Buffer.byteLength(text);
}

function order(one: string, other: string): number {
  if (one === other) return 0;
  return one < other ? -1 : 1;
}
