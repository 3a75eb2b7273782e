import { pino, stdSerializers } from "pino";

/** What is logged is seen with FLEET_TEST_LOG=debug. */
export const log = pino({
  level: process.env.FLEET_TEST_LOG ?? "silent",
  serializers: { error: stdSerializers.errWithCause },
});
