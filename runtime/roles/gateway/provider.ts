import type { Call } from "../../calls/call.ts";
import type { ItemSource } from "../../catalog/item-source.ts";
import type { ViewOf } from "../../catalog/views.ts";

/** Somebody who offers tools, prompts and resources: a backend, or what the gateway itself makes of them. */
export interface Provider {
  readonly name: string;
  /** Where its items come from, for the clients of a view. */
  source(view: ViewOf, onChange: () => void): ItemSource;
  /** Whether a source is this provider's, as it is now. */
  hasMade(source: ItemSource): boolean;
  /**
   * Answers a call of one of its items.
   *
   * @param text the client's message, with the name that the provider knows.
   * @param repeatable running it twice does no harm.
   */
  answer(call: Call, text: string, repeatable: boolean): Promise<void>;
}
