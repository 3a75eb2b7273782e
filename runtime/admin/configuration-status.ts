/** What /status says of the configuration of a process that follows its changes. */
export interface ConfigurationStatus {
  /** How many configurations it has had, the first one included. */
  readonly generation: number;
  /** Of its live sections, with what the folder of backends adds: gateways with the same one have the same. */
  readonly digest: string;
  readonly since: string;
  /** waiting: others take a change over first; observing: its calls are compared with those before. */
  readonly state: "current" | "waiting" | "observing" | "refused";
  /** Why the file's last change is not taken over. */
  readonly refused?:
    | { readonly reason: "invalid" | "failed_calls"; readonly faults: readonly string[] }
    | undefined;
  /** The fields of the file that are others than at the start, and that a running process does not take over. */
  readonly needsRollout: readonly string[];
  readonly directory?: {
    readonly path: string;
    readonly files: number;
    readonly faults: readonly string[];
  };
}
