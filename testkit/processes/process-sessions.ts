import { type Settings, validate } from "@mcp-fleet/contract/settings";
import { FleetFollower } from "../../runtime/fleet/fleet-follower.ts";
import { Events } from "../../runtime/sessions/events.ts";
import { KeyRing } from "../../runtime/sessions/key-ring.ts";
import { Sessions } from "../../runtime/sessions/sessions.ts";
import type { Store } from "../../runtime/store/store.ts";
import { Metrics } from "../../runtime/telemetry/metrics.ts";
import { log } from "./test-log.ts";

export interface ProcessSessionsOptions {
  readonly ring?: KeyRing;
  readonly metrics?: Metrics;
  readonly events?: Events;
  readonly settings?: Partial<Settings["session"]>;
}

/** The sessions of one process over a store, in step with what the others do. */
export function sessionsOver(store: Store, options: ProcessSessionsOptions = {}): Sessions {
  const {
    ring = KeyRing.generate(),
    metrics = new Metrics(),
    events = new Events(log),
    settings,
  } = options;
  const sessions = new Sessions({
    store: store.sessions,
    silentMs: () => store.bus.silentMs,
    ring,
    events,
    metrics,
    log,
    limits: validate({ backends: [{ name: "b", url: "http://127.0.0.1:9/mcp" }] }).limits,
    settings: {
      idleTtlSeconds: 600,
      maxSessions: 100,
      cacheEntries: 100,
      firstUseTimeoutSeconds: 10,
      ...settings,
    },
  });
  new FleetFollower({ bus: store.bus, sessions, events });
  return sessions;
}
