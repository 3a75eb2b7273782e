import { describe, expect, it } from "vitest";
import { FleetError } from "../../runtime/wire/fleet-error.ts";

describe("an error that becomes the answer to a request", () => {
  const cause = new Error("why");
  const error = new FleetError("AT_CAPACITY", {
    message: "full",
    data: { backend: "files" },
    retryAfterSeconds: 7,
    challenge: 'Bearer error="invalid_token"',
    cause,
  });

  it("keeps its 6 parts, and gets the id", () => {
    const { code, message, data, retryAfterSeconds, challenge, idText } = error.withId("1");
    expect([code, message, retryAfterSeconds, challenge, idText]).toEqual([
      "AT_CAPACITY",
      "full",
      7,
      'Bearer error="invalid_token"',
      "1",
    ]);
    expect(data).toEqual({ error: "AT_CAPACITY", backend: "files", retryAfterSeconds: 7 });
    expect(error.withId("1").cause).toBe(cause);
  });

  it("keeps the id that it has, and stays without one where the request had none", () => {
    expect(error.withId("1").withId("2").idText).toBe("1");
    expect(error.withId("")).toBe(error);
  });
});
