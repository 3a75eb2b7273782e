/** An endpoint by its name, which stays (that of a pod), and where it is reached now. */
export interface EndpointAddress {
  readonly name: string;
  /** Of its MCP endpoint. */
  readonly url: string;
}

/** Which endpoints a backend has. Whoever makes one is told when the list is another one. */
export interface EndpointDirectory {
  /** In their order: of ordinals, of a list, of names. */
  readonly endpoints: readonly EndpointAddress[];
  /** Whether an endpoint that is not among `endpoints` is certainly not one of them any more. */
  isGone(name: string): boolean;
  /** Resolves when the endpoints are first known, or could not be found out. */
  start(): Promise<void>;
  /** An endpoint did not accept a connection: perhaps there is news of it. */
  refreshSoon(): void;
  close(): void;
}
