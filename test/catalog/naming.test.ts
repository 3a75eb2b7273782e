import fc from "fast-check";
import { describe, expect, it, test } from "vitest";

import { MAX_NAME_LENGTH, Naming } from "../../runtime/catalog/naming.ts";

describe("how a backend's tool is called", () => {
  it.each([
    ["{workload}.", "github", "create_issue", "github.create_issue"],
    ["{workload}.", "github", "create_issue", "github.create_issue"],
    ["{workload}-", "github", "list", "github-list"],
    ["mcp__{workload}__", "github", "list", "mcp__github__list"],
    ["{workload}/{workload}:", "a", "b", "a_a_b"],
    ["{workload}_", "my.server", "a.b/c d", "my_server_a_b_c_d"],
    ["{workload}_", "a", "größe🙂", "a_gr__e__"],
    ["", "github", "create_issue", "create_issue"],
    ["", "github", "a.b/c größe", "a.b/c größe"],
  ])("format %j: %s's %s is %s", (format, backend, name, exposed) => {
    expect(new Naming(format).expose(backend, name)).toBe(exposed);
  });
});

it("a whole name of 64 characters stays, one of 65 gets a digest and is 64 long", () => {
  const naming = new Naming("{workload}_");
  const fits = naming.expose("a", "x".repeat(62));
  expect(fits).toBe(`a_${"x".repeat(62)}`);
  const shortened = naming.expose("a", "x".repeat(63));
  expect(shortened).toMatch(/^a_x{53}_[0-9a-f]{8}$/);
  expect(shortened).toHaveLength(64);
});

it("2 long names that differ in their last character, or in their backend alone, stay apart", () => {
  const naming = new Naming("{workload}_");
  const long = "x".repeat(100);
  const backend = "b".repeat(63);
  const names = [
    naming.expose("a", `${long}1`),
    naming.expose("a", `${long}2`),
    naming.expose(`${backend.slice(1)}c`, long),
    naming.expose(`${backend.slice(1)}d`, long),
  ];
  expect(new Set(names).size).toBe(4);
  expect(naming.expose("a", `${long}1`)).toBe(names[0]);
});

test("any name of any backend is legal, at most 64 long, and starts with its prefix", () => {
  const naming = new Naming("{workload}_");
  const backend = fc.stringMatching(/^[A-Za-z0-9._-]{1,20}$/);
  fc.assert(
    fc.property(backend, fc.string({ unit: "binary", maxLength: 200 }), (workload, name) => {
      const exposed = naming.expose(workload, name);
      expect(exposed).toMatch(/^[A-Za-z0-9_-]+$/);
      expect(exposed.length).toBeLessThanOrEqual(MAX_NAME_LENGTH);
      expect(exposed.startsWith(naming.prefix(workload))).toBe(true);
    }),
  );
});
