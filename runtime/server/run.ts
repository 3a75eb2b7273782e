import type { Settings } from "@mcp-fleet/contract/settings";
import type { Logger } from "pino";
import { clock, type Timer } from "../platform/clock.ts";
import { KeyRing } from "../sessions/key-ring.ts";
import { buildLog } from "../telemetry/log.ts";
import { compose } from "./compose.ts";
import type { StartedFrom } from "./configuration.ts";
import { checkNofile } from "./nofile.ts";
import type { Secrets } from "./secrets.ts";
import type { Server } from "./server.ts";

/**
 * Runs a role until a signal ends it: the first one drains, a second one cuts.
 *
 * @param source what the settings were read from, whose changes are followed.
 * @throws NofileError, ConfigError for a store that cannot be used, and those of `listen`.
 */
export async function run(given: Settings, secrets: Secrets, source: StartedFrom): Promise<void> {
  const log = buildLog(given.logLevel, given.role).child({ name: given.name });
  const nofile = checkNofile(given, log);
  const settings = nofile?.settings ?? given;
  const { sessionKeys, ownerKey, adminToken } = secrets;
  const server = await compose({
    settings,
    source,
    log,
    ...(nofile && { nofile }),
    ...(sessionKeys && { ring: new KeyRing(sessionKeys) }),
    ...(ownerKey && { ownerKey }),
    ...(adminToken !== undefined && { adminToken }),
  });
  const stopSurviving = server.surviveDefects();
  try {
    await Promise.race([serve(server, settings, log), server.refused()]);
  } catch (error) {
    await server.destroy(new Error("the process cannot serve"));
    throw error;
  }
  stopSurviving();
}

async function serve(server: Server, settings: Settings, log: Logger): Promise<void> {
  const addresses = await server.listen();
  log.info({ ...addresses, backends: server.backends.all.map(({ name }) => name) }, "listening");
  const report = reportStatus(server, settings, log);
  await untilDrained(server, settings, log);
  clock.clear(report);
}

/** Resolves when everything in flight has finished, or was cut by a second signal or the longest call's time. */
function untilDrained(server: Server, settings: Settings, log: Logger): Promise<void> {
  const { drain, limits } = settings;
  return new Promise((resolve) => {
    let signals = 0;
    const cut = (reason: string) => {
      log.error({ reason }, "the drain is cut short");
      process.exitCode = 1;
      void server.destroy(new Error(reason));
    };
    const onSignal = (signal: NodeJS.Signals) => {
      signals += 1;
      if (signals > 1) return cut(`a second ${signal}`);
      log.info({ signal }, "draining");
      // A person who presses Ctrl-C stands before no balancer that has to hear of it.
      const lingerSeconds = signal === "SIGINT" ? 0 : drain.lingerSeconds;
      const deadlineMs = (lingerSeconds + limits.callTimeoutMaxSeconds) * 1000;
      const deadline = clock.after(deadlineMs, () => cut("the longest call's time is over"));
      server.cutAfter(deadlineMs);
      void server.drain(lingerSeconds).then(() => {
        clock.clear(deadline);
        process.off("SIGTERM", onSignal).off("SIGINT", onSignal);
        log.info("drained");
        resolve();
      });
    };
    process.on("SIGTERM", onSignal).on("SIGINT", onSignal);
  });
}

function reportStatus(server: Server, settings: Settings, log: Logger): Timer | undefined {
  const { statusReportingSeconds } = settings.health;
  if (statusReportingSeconds === undefined) return undefined;
  const report = async () => {
    // Why each name is as it is fills pages; whoever wants to know asks for /status.
    const { aggregation: _names, ...status } = await server.status();
    log.info({ status }, "status");
  };
  return clock.every(statusReportingSeconds * 1000, () => void report()).unref();
}
