import type { Logger } from "pino";

import type { Settings } from "../contract/index.ts";
import { buildLog } from "../log.ts";
import { Gateway } from "./gateway.ts";

/** Runs the gateway until a signal ends it: the first one drains, a second one cuts. Errors: those of `listen`. */
export async function runGateway(settings: Settings): Promise<void> {
  const log = buildLog(settings.logLevel, "gateway").child({ name: settings.name });
  const gateway = new Gateway({ settings, log });
  try {
    const { url, adminUrl } = await gateway.listen();
    log.info({ url, adminUrl, backends: settings.backends.map(({ name }) => name) }, "listening");
  } catch (error) {
    await gateway.destroy(new Error("the gateway cannot listen"));
    throw error;
  }
  const report = reportStatus(gateway, settings, log);
  await untilDrained(gateway, settings, log);
  clearInterval(report);
}

/** Resolves when everything in flight has finished, or was cut by a second signal or the longest call's time. */
function untilDrained(gateway: Gateway, settings: Settings, log: Logger): Promise<void> {
  const deadlineMs = settings.limits.callTimeoutMaxSeconds * 1000;
  return new Promise((resolve) => {
    let signals = 0;
    const cut = (reason: string) => {
      log.error({ reason }, "calls are cut");
      process.exitCode = 1;
      void gateway.destroy(new Error(reason));
    };
    const onSignal = (signal: NodeJS.Signals) => {
      signals += 1;
      if (signals > 1) return cut(`a second ${signal}`);
      log.info({ signal }, "draining");
      const deadline = setTimeout(() => cut("the drain took too long"), deadlineMs);
      void gateway.close().then(() => {
        clearTimeout(deadline);
        process.off("SIGTERM", onSignal).off("SIGINT", onSignal);
        log.info("drained");
        resolve();
      });
    };
    process.on("SIGTERM", onSignal).on("SIGINT", onSignal);
  });
}

function reportStatus(
  gateway: Gateway,
  settings: Settings,
  log: Logger,
): NodeJS.Timeout | undefined {
  const { statusReportingSeconds } = settings.health;
  if (statusReportingSeconds === undefined) return undefined;
  const report = async () => log.info({ status: await gateway.status() }, "status");
  return setInterval(() => void report(), statusReportingSeconds * 1000).unref();
}
