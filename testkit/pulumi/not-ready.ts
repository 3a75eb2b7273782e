import type { Properties } from "./difference.ts";

/** The resource is there, but does not do its work: the engine keeps it in the state and updates it the next time. */
export class NotReady extends Error {
  override readonly name = "NotReady";
  readonly id: string;
  readonly outputs: Properties;

  constructor(message: string, id: string, outputs: Properties) {
    super(message);
    this.id = id;
    this.outputs = outputs;
  }
}
