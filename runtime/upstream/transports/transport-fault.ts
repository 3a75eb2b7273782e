/** A request to a backend that failed below HTTP. */
export class TransportFault extends Error {
  override readonly name = "TransportFault";
  /** Whether the backend may have seen the request: false only where no byte of it was written. */
  readonly sent: boolean;

  constructor(sent: boolean, cause: unknown) {
    super(cause instanceof Error ? cause.message : String(cause), { cause });
    this.sent = sent;
  }
}
