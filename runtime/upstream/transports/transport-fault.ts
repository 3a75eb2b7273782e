/** A request to a server that failed below MCP. */
export class TransportFault extends Error {
  override readonly name = "TransportFault";
  /** Whether the server may have seen the request: false only where no byte of it was written. */
  readonly sent: boolean;

  constructor(sent: boolean, cause: unknown) {
    super(cause instanceof Error ? cause.message : String(cause), { cause });
    this.sent = sent;
  }
}

/** A request to an endpoint that does not exist any more: what it held in memory is lost. */
export class EndpointGone extends Error {
  override readonly name = "EndpointGone";

  constructor(endpoint: string) {
    super(`the endpoint ${endpoint} is gone`);
  }
}

/** A request that was not sent, since the circuit breakers of all endpoints that could get it are open. */
export class CircuitOpen extends Error {
  override readonly name = "CircuitOpen";
  /** After which one may try again. */
  readonly retryAfterSeconds: number;

  constructor(retryAfterSeconds: number) {
    super("the circuit breaker is open");
    this.retryAfterSeconds = retryAfterSeconds;
  }
}
