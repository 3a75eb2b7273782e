import type { Drain } from "../edge/drain.ts";
import type { Probes } from "../edge/probes.ts";
import type { Role } from "../roles/role.ts";
import type { Store } from "../store/store.ts";

export interface ReadinessParts {
  readonly drain: Drain;
  readonly store: Store;
  readonly role: Role;
}

/** Whether there is a point in sending traffic to this process. */
export class Readiness implements Probes {
  readonly #parts: ReadinessParts;
  #storeAnswered = false;
  #isListening = false;

  constructor(parts: ReadinessParts) {
    this.#parts = parts;
    const answered = () => {
      this.#storeAnswered = true;
    };
    parts.store.opened.then(answered, () => {});
  }

  /** Clients can connect from now on: before that, a Service must not send any here. */
  listening(): void {
    this.#isListening = true;
  }

  notReady(): string | undefined {
    const { drain, role } = this.#parts;
    if (drain.state !== "serving") return "the process is shutting down";
    if (!this.#storeAnswered) return "the session store has not answered yet";
    if (!this.#isListening) return "the endpoint for clients is not open yet";
    return role.notReady;
  }
}
