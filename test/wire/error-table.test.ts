import { describe, expect, it } from "vitest";
import { ERROR_TABLE, type ErrorName, type ErrorRow } from "../../runtime/wire/error-table.ts";
import { FleetError } from "../../runtime/wire/fleet-error.ts";

const ROWS = Object.entries(ERROR_TABLE) as [ErrorName, ErrorRow][];
const namesOf = (level: string) =>
  ROWS.filter(([, row]) => row.level === level).map(([name]) => name);

describe("an error in answer to a request of an open session", () => {
  it.each(ROWS.filter(([name]) => name.startsWith("BACKEND_")))(
    "is HTTP 200 where it is about one backend: %s",
    (name) => expect(new FleetError(name).statusInSession).toBe(200),
  );

  it("is HTTP 200 for a limit, a rate, a store or a fault of ours, too", () => {
    for (const name of ["AT_CAPACITY", "RATE_LIMITED", "STORE_UNAVAILABLE", "INTERNAL"] as const) {
      expect(new FleetError(name).statusInSession, name).toBe(200);
    }
  });

  it("keeps its HTTP status where the client has to act on the session or its credentials", () => {
    const kept = ["SESSION_NOT_FOUND", "UNAUTHENTICATED", "DRAINING"] as const;
    expect(kept.map((name) => new FleetError(name).statusInSession)).toEqual([404, 401, 503]);
  });
});

describe("the table of errors", () => {
  it("has an HTTP status of 400 or more for each error that is said by it", () => {
    for (const name of [...namesOf("http"), ...namesOf("either")]) {
      expect(ERROR_TABLE[name as ErrorName].httpStatus, name).toBeGreaterThanOrEqual(400);
    }
  });

  it("has HTTP 200 for each error that only a request of a session gets", () => {
    for (const name of namesOf("request")) {
      expect(ERROR_TABLE[name as ErrorName].httpStatus, name).toBe(200);
    }
  });

  it("says in error.data, too, when to come again, as Retry-After does", () => {
    for (const [name, { retryAfter }] of ROWS) {
      const { data, retryAfterSeconds } = new FleetError(name);
      expect(data.retryAfterSeconds, name).toBe(retryAfterSeconds);
      expect(retryAfterSeconds !== undefined, name).toBe(retryAfter === true);
    }
  });
});
