import type { Kubectl } from "./kubectl.ts";
import type { Load } from "./load.ts";
import type { Pods } from "./pods.ts";
import type { Stack } from "./stack.ts";

/** The fleet under load, and what can be done to it. */
export interface Fleet {
  readonly kubectl: Kubectl;
  readonly pods: Pods;
  readonly stack: Stack;
  readonly load: Load;
}

/** What happens to the fleet while clients call. */
export interface Fault {
  readonly title: string;
  /** In a planned change no call is cut or refused; where a pod is killed, those that it was about to answer are. */
  readonly isPlanned: boolean;
  /** A planned change may refuse calls where a session's pod of the server goes, until the session is told. Default: false. */
  readonly refusesLosers?: boolean;
  /** Brings it about and waits for it; returns the pods of the server whose memory went with them. */
  readonly bring: (fleet: Fleet) => Promise<readonly string[]>;
}
