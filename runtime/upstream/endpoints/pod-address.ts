/** A pod by its name, which stays, and where it is reached now. */
export interface PodAddress {
  readonly name: string;
  /** Its MCP endpoint. */
  readonly url: string;
}

/** Which pods a backend has. */
export interface PodDirectory {
  /** In their order: of ordinals, of a list, of names. */
  readonly pods: readonly PodAddress[];
  /** Whether a pod that is not among `pods` is certainly not one of them any more. */
  isGone(name: string): boolean;
  /** `listener` hears when `pods` is another list. */
  onChange(listener: () => void): void;
  /** Resolves when the pods are first known, or could not be found out. */
  start(): Promise<void>;
  /** A pod did not accept a connection: perhaps there is news of it. */
  doubt(): void;
  close(): void;
}
