import { afterEach, beforeEach, expect, it, onTestFinished, vi } from "vitest";
import { Jwks } from "../../runtime/auth/jwks.ts";
import { FleetError } from "../../runtime/wire/fleet-error.ts";
import { writtenLog } from "../../testkit/processes/written-log.ts";
import { Issuer } from "../../testkit/servers/issuer.ts";

/** Longer than an issuer that does not answer is left alone. */
const PAUSE_MS = 3_000;

/** Longer than keys are kept without asking again. */
const MAX_AGE_MS = 301_000;

beforeEach(() => void vi.useFakeTimers({ toFake: ["Date"] }));
afterEach(() => void vi.useRealTimers());

it("says once that an issuer is away, however often it is asked, and once that it is back", async () => {
  const issuer = await Issuer.start();
  onTestFinished(() => issuer.close());
  const { log, lines } = writtenLog();
  const jwks = new Jwks(`${issuer.url}/jwks`, log);
  onTestFinished(() => jwks.close());
  const token = { payload: "", signature: "" };
  const ask = async () => {
    vi.setSystemTime(Date.now() + PAUSE_MS);
    const [key] = issuer.jwks.keys;
    try {
      await jwks.find({ alg: "ES256", kid: key?.kid ?? "" }, token);
      return "found";
    } catch (error) {
      return error instanceof FleetError ? error.code : String(error);
    }
  };
  const said = () => lines.map(({ msg }) => msg);

  issuer.isDown = true;
  for (let count = 0; count < 5; count += 1) expect(await ask()).toBe("JWKS_UNAVAILABLE");
  expect(said()).toEqual(["the issuer's keys cannot be read"]);

  issuer.isDown = false;
  for (let count = 0; count < 5; count += 1) expect(await ask()).toBe("found");
  expect(said().slice(1)).toEqual(["the issuer's keys can be read again"]);

  issuer.isDown = true;
  vi.setSystemTime(Date.now() + MAX_AGE_MS);
  for (let count = 0; count < 5; count += 1) expect(await ask()).toBe("found");
  expect(said().slice(2)).toEqual(["the issuer's keys cannot be read"]);
});
