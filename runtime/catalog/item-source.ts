import type { Listing } from "./listing.ts";

/** Where the items of one provider come from, for the clients of one view. */
export interface ItemSource {
  readonly provider: string;
  /** Undefined while it offers nothing: it has not answered yet, or not for long. */
  readonly listing: Listing | undefined;
  /** Resolves when the first attempt to know the listing has succeeded or failed. */
  readonly settled: Promise<void>;
  start(): void;
  /** Looks again now, because somebody heard that the listing has changed. */
  refresh(): void;
  close(): Promise<void>;
}

/** Makes the source of one provider; `onChange` hears that its listing is another one, or that the first attempt failed. */
export type MakeSource<Source extends ItemSource = ItemSource> = (
  view: { readonly key: string; readonly capabilities: string },
  onChange: () => void,
) => Source;
