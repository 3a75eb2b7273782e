import { describe, expect, it } from "vitest";
import { isRepeatable, withSoundAnnotations } from "../../runtime/catalog/annotations.ts";
import { connectV1, connectV2 } from "../../testkit/clients/sdk-clients.ts";
import { startFleet } from "../../testkit/processes/scripted-fleet.ts";

const withHints = (annotations: object) => JSON.stringify({ name: "a", annotations });

describe("the annotations of an item", () => {
  it.each([
    { readOnlyHint: "yes" },
    { destructiveHint: 1 },
    { idempotentHint: {} },
    { openWorldHint: [true] },
    { title: 7 },
    { audience: "user" },
    { audience: ["user", "tool"] },
    { priority: "1" },
    { priority: 2 },
    { lastModified: "yesterday" },
  ])("%j is left out, for which clients refuse a whole list, and the rest stays", (odd) => {
    const sound = { readOnlyHint: false, "x-own": "yes" };
    expect(withSoundAnnotations(withHints({ ...sound, ...odd, last: 1 }))).toBe(
      withHints({
        ...Object.fromEntries(Object.entries(sound).filter(([key]) => !(key in odd))),
        last: 1,
      }),
    );
  });

  it.each([
    '{ "name" : "a" }',
    '{ "annotations" : { "readOnlyHint" : true , "x" : [ null ] } }',
    '{"annotations":[]}',
    '{"annotations":"x"}',
    withHints({
      audience: ["user", "assistant"],
      priority: 0.5,
      lastModified: "2026-11-30T12:00:00Z",
    }),
    withHints({ title: "A", destructiveHint: false, idempotentHint: true, openWorldHint: false }),
  ])("%s are the same text, byte for byte", (text) => {
    expect(withSoundAnnotations(text)).toBe(text);
  });

  it.each(["readOnlyHint", "idempotentHint"])(
    "let a call run twice where %s is true, and for nothing else",
    (hint) => {
      expect(isRepeatable(withHints({ [hint]: true }))).toBe(true);
      for (const odd of ["true", "yes", 1, {}, [true], null, false, undefined]) {
        expect(isRepeatable(withHints({ [hint]: odd }))).toBe(false);
      }
      expect(isRepeatable('{"name":"a"}')).toBe(false);
    },
  );

  it.each([
    ["1.x", connectV1],
    ["2.x", (url: string) => connectV2(url, "auto")],
  ])(
    "of a wrong type keep no tool from a client of the TypeScript SDK %s",
    async (_version, connect) => {
      const inputSchema = { type: "object" };
      const { gateway } = await startFleet({
        prepare: (backend) => {
          const annotations = { readOnlyHint: "yes", title: "odd" };
          backend.tools = [
            { name: "odd", inputSchema, annotations },
            { name: "even", inputSchema },
          ];
        },
      });
      const { client, end } = await connect(gateway.url);
      const { tools } = await client.listTools();
      expect(tools.map(({ name, annotations }) => [name, annotations])).toEqual([
        ["odd", { title: "odd" }],
        ["even", undefined],
      ]);
      await end();
    },
  );
});
