import type { Events } from "../sessions/events.ts";
import type { Sessions } from "../sessions/sessions.ts";
import type { FleetBus, FleetChange } from "./fleet-bus.ts";

export interface FleetFollowerParts {
  readonly bus: FleetBus;
  readonly sessions: Sessions;
  readonly events: Events;
}

/** Keeps what this process holds in step with what every process of the fleet does, itself included. */
export class FleetFollower {
  readonly #parts: FleetFollowerParts;
  readonly #unwatch: () => void;

  constructor(parts: FleetFollowerParts) {
    this.#parts = parts;
    this.#unwatch = parts.bus.watch((change) => this.#follow(change));
  }

  close(): void {
    this.#unwatch();
  }

  #follow(change: FleetChange): void {
    const { sessions, events } = this.#parts;
    if (change.kind === "ended") sessions.forget(change.key);
    else if (change.kind === "changed") sessions.follow(change.record);
    else if (change.kind === "cancelled") sessions.held(change.key)?.cancel(change.idText);
    else if (change.kind === "lists") {
      events.emit("viewListsChanged", change.view, change.backend);
    } else if (change.kind === "drains") events.emit("drainsChanged");
    else if (change.kind === "gap") {
      sessions.doubtAll();
      events.emit("drainsChanged");
    } else void sessions.restoreAll(change.restore);
  }
}
