import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";

import { Catalog } from "../../runtime/catalog/catalog.ts";
import { LIST_NAMES, readItems } from "../../runtime/catalog/listing.ts";
import type { ProviderListing } from "../../runtime/catalog/merged-list.ts";
import type { ListName } from "../../runtime/wire/methods.ts";
import { aggregated, listing, namesOf, pageText } from "./listings.ts";

const digestOf = (text: string) => createHash("sha256").update(text).digest("hex").slice(0, 8);

const PREFIXED = aggregated({});
const BARE = aggregated({ conflictResolutionConfig: { prefixFormat: "" } });

describe("the merged lists", () => {
  const listings = [
    listing("b", { tools: ["z", "a"], prompts: ["p"], resources: ["file:///1"] }),
    listing("a", { tools: ["a"], prompts: ["p"], resources: ["file:///2"] }),
  ];

  it("are in the order of the configuration, then of each backend, and only tools and prompts have prefixes", () => {
    const catalog = new Catalog(listings, PREFIXED);
    expect(namesOf(catalog, "tools")).toEqual(["b_z", "b_a", "a_a"]);
    expect(namesOf(catalog, "prompts")).toEqual(["b_p", "a_p"]);
    expect(namesOf(catalog, "resources")).toEqual(["file:///1", "file:///2"]);
    expect(namesOf(catalog, "resourceTemplates")).toEqual([]);
    expect(LIST_NAMES.map((list) => catalog.size(list))).toEqual([3, 2, 2, 0]);
    expect(catalog.conflicts).toEqual([]);
  });

  it("lead from an exposed name to the backend and its own name, and from no other name anywhere", () => {
    const catalog = new Catalog(listings, PREFIXED);
    expect(catalog.tool("b_z")).toEqual({ provider: "b", name: "z", repeatable: false });
    expect(catalog.prompt("a_p")).toMatchObject({ provider: "a", name: "p" });
    expect(catalog.tool("z")).toBeUndefined();
    expect(catalog.tool("a_z")).toBeUndefined();
    expect(catalog.resource("file:///2")).toBe("a");
    expect(catalog.resource("file:///3")).toBeUndefined();
  });

  it("hold each item as its backend wrote it, but for the name", () => {
    const text = '{ "unknown" : [1.0,9007199254740993],"name" : "t\\u0065st" ,"name2":"\\u00e9" }';
    const tools = readItems(`{"tools":[${text}]}`, "tools");
    const lists = { ...listing("x", {}).listing.lists, tools };
    const catalog = new Catalog(
      [{ provider: "x", listing: { lists, instructions: undefined } }],
      PREFIXED,
    );
    expect(pageText(catalog, "tools")).toBe(text.replace('"t\\u0065st"', '"x_test"'));
  });

  it("leave out items without a name, and know which tools may run twice", () => {
    const tools = readItems(
      '{"tools":[{"name":"r","annotations":{"readOnlyHint":true}},{"title":"x"},{"name":7},{"name":"i","annotations":{"idempotentHint":true}},{"name":"w","annotations":{"readOnlyHint":"yes"}}]}',
      "tools",
    );
    expect(tools.map(({ name, repeatable }) => [name, repeatable])).toEqual([
      ["r", true],
      ["i", true],
      ["w", false],
    ]);
  });
});

describe("a name that 2 backends have", () => {
  it("without prefixes belongs to the first backend, and the fault is listed", () => {
    const catalog = new Catalog(
      [listing("first", { tools: ["t", "u"] }), listing("second", { tools: ["t", "v"] })],
      BARE,
    );
    expect(namesOf(catalog, "tools")).toEqual(["t", "u", "v"]);
    expect(catalog.tool("t")).toMatchObject({ provider: "first", name: "t" });
    expect(catalog.conflicts).toEqual([
      {
        list: "tools",
        name: "t",
        backend: "second",
        shadowedBy: "first",
        reason: "the first one in the configuration has it",
      },
    ]);
    expect(["first", "second"].map((backend) => catalog.count("tools", backend))).toEqual([2, 1]);
  });

  it("by their prefixes is the one's with the longer prefix: the other's tool is called apart, also while that one is away", () => {
    const git = listing("git", { tools: ["hub_echo", "log"] });
    for (const hub of [
      listing("git_hub", { tools: ["echo"] }),
      { provider: "git_hub", listing: undefined },
    ]) {
      const catalog = new Catalog([git, hub], PREFIXED);
      const apart = `git_${digestOf("git\nhub_echo")}_hub_echo`;
      expect(catalog.tool(apart)).toMatchObject({ provider: "git", name: "hub_echo" });
      expect(catalog.tool("git_log")).toMatchObject({ provider: "git", name: "log" });
      const owner = hub.listing === undefined ? undefined : "git_hub";
      expect(catalog.tool("git_hub_echo")?.provider).toBe(owner);
      expect(catalog.conflicts).toEqual([
        {
          list: "tools",
          name: "git_hub_echo",
          backend: "git",
          shadowedBy: "git_hub",
          reason: `names that begin with the prefix of git_hub are its own: this one is ${apart}`,
        },
      ]);
    }
  });

  it("as a URI belongs to the first backend, whatever the prefix", () => {
    const catalog = new Catalog(
      [
        listing("first", { resources: ["file:///1"] }),
        listing("second", { resources: ["file:///1"] }),
      ],
      PREFIXED,
    );
    expect(catalog.resource("file:///1")).toBe("first");
    expect(catalog.conflicts).toEqual([
      {
        list: "resources",
        name: "file:///1",
        backend: "second",
        shadowedBy: "first",
        reason: "the first one in the configuration has it",
      },
    ]);
  });
});

describe("a URI", () => {
  const catalog = new Catalog(
    [
      listing("any", { resourceTemplates: ["test://{+all}"] }),
      listing("data", { resourceTemplates: ["test://{id}/data"] }),
      listing("listed", { resources: ["test://7/data"] }),
    ],
    PREFIXED,
  );

  it.each([
    ["test://7/data", "listed"],
    ["test://8/data", "data"],
    ["test://8/other", "any"],
    ["other://8", undefined],
  ])("%s belongs to %s: listed first, then the most literal template", (uri, backend) => {
    expect(catalog.resource(uri)).toBe(backend);
  });

  it("that 1 backend lists and the template of another one makes is an overlap", () => {
    expect(catalog.overlaps).toEqual([
      {
        list: "resources",
        name: "test://7/data",
        backend: "data",
        shadowedBy: "listed",
        reason: "it matches the template test://{id}/data of data, and listed lists it",
      },
    ]);
    const own = listing("x", { resources: ["a://1"], resourceTemplates: ["a://{id}"] });
    expect(new Catalog([own], PREFIXED).overlaps).toEqual([]);
  });

  it("that is a template itself belongs to the backend that offers it", () => {
    expect(catalog.template("test://{id}/data")).toBe("data");
    expect(catalog.template("test://8/data")).toBe("data");
  });
});

describe("names that differ in characters that are not legal", () => {
  it.each<[string, readonly string[]]>([
    ["3 in Chinese", ["查询天气", "查询股票", "发送邮件"]],
    ["1 dot and 1 underscore", ["a.b", "a_b"]],
    ["4 of punctuation", ["user.get", "user_get", "user/get", "user-get"]],
  ])("%s all stay, in any order, and lead to their own tool", (_what, names) => {
    const catalog = new Catalog([listing("x", { tools: names })], PREFIXED);
    const backwards = new Catalog([listing("x", { tools: [...names].reverse() })], PREFIXED);
    const exposed = namesOf(catalog, "tools").map(String);
    expect(new Set(exposed).size).toBe(names.length);
    expect(exposed.map((name) => catalog.tool(name)?.name)).toEqual(names);
    expect(exposed.map((name) => backwards.tool(name)?.name)).toEqual(names);
    expect(catalog.conflicts).toEqual([]);
    expect(catalog.count("tools", "x")).toBe(names.length);
    for (const name of exposed) expect(name).toMatch(/^x_[A-Za-z0-9_-]+$/);
  });

  it("a name that is legal keeps itself: x_a_b is a_b, and a.b has a digest", () => {
    const catalog = new Catalog([listing("x", { tools: ["a.b", "a_b"] })], PREFIXED);
    expect(catalog.tool("x_a_b")?.name).toBe("a_b");
    expect(catalog.tool(`x_a_b_${digestOf("x\na.b")}`)?.name).toBe("a.b");
  });

  it("a name alone has no digest: x_a_b is a.b", () => {
    const catalog = new Catalog([listing("x", { tools: ["a.b"] })], PREFIXED);
    expect(catalog.tool("x_a_b")?.name).toBe("a.b");
  });
});

describe("pages", () => {
  const tools = ["a", "b", "c", "d", "e"];
  const catalog = new Catalog([listing("x", { tools })], BARE);

  function walk(pageSize: number): { names: unknown[]; pages: number } {
    const names: unknown[] = [];
    let pages = 0;
    let cursor: string | undefined;
    do {
      const page = catalog.list("tools").page(cursor, pageSize);
      if (page === undefined) throw new Error("a cursor of ours was refused");
      const items: { name: unknown }[] = JSON.parse(`[${page.items}]`);
      names.push(...items.map(({ name }) => name));
      pages += 1;
      cursor = page.nextCursor;
    } while (cursor !== undefined);
    return { names, pages };
  }

  it.each([
    [1, 5],
    [2, 3],
    [5, 1],
    [1_000, 1],
  ])("of %i items: %i pages hold each of the 5 once, and the last has no cursor", (size, pages) => {
    expect(walk(size)).toEqual({ names: tools, pages });
  });

  it("a cursor stays good when items before and behind it come and go", () => {
    const cursor = catalog.list("tools").page(undefined, 2)?.nextCursor;
    const changed = new Catalog([listing("x", { tools: ["0", "b", "c2", "d"] })], BARE);
    expect(pageText(changed, "tools", cursor)).toBe('{"name":"c2"},{"name":"d"}');
  });

  it("a cursor whose item is gone, one of another list and one of nobody are refused", () => {
    const cursor = catalog.list("tools").page(undefined, 2)?.nextCursor;
    const changed = new Catalog([listing("x", { tools: ["a", "c"], prompts: ["b"] })], BARE);
    expect(changed.list("tools").page(cursor, 10)).toBeUndefined();
    expect(catalog.list("prompts").page(cursor, 10)).toBeUndefined();
    expect(catalog.list("tools").page("x", 10)).toBeUndefined();
    expect(catalog.list("tools").page("", 10)).toBeUndefined();
  });

  it("a cursor is opaque: base64url, and safe in JSON without escapes", () => {
    const odd = new Catalog([listing("x", { resources: ['test://"\\\n日本', "test://2"] })], BARE);
    const cursor = odd.list("resources").page(undefined, 1)?.nextCursor;
    expect(cursor).toMatch(/^[A-Za-z0-9_-]+$/);
    expect(pageText(odd, "resources", cursor, 1)).toBe('{"uri":"test://2"}');
  });

  it("an empty list is 1 page of 0 items", () => {
    expect(catalog.list("prompts").page(undefined, 10)).toEqual({ items: Buffer.of() });
  });
});

describe("what changed between 2 catalogs", () => {
  const before = [
    listing("x", { tools: ["a", "b"], prompts: ["p"] }),
    listing("y", { tools: ["c"] }),
  ];
  const catalog = new Catalog(before, PREFIXED);

  it.each<[string, ProviderListing[], ListName[]]>([
    ["nothing", [...before], []],
    [
      "a tool more",
      [listing("x", { tools: ["a", "b", "d"], prompts: ["p"] }), listing("y", { tools: ["c"] })],
      ["tools"],
    ],
    [
      "a prompt less",
      [listing("x", { tools: ["a", "b"] }), listing("y", { tools: ["c"] })],
      ["prompts"],
    ],
    [
      "the order of a backend's tools",
      [listing("x", { tools: ["b", "a"], prompts: ["p"] }), listing("y", { tools: ["c"] })],
      ["tools"],
    ],
    ["a backend gone", [listing("x", { tools: ["a", "b"], prompts: ["p"] })], ["tools"]],
    ["everything gone", [], ["tools", "prompts"]],
    [
      "a resource and a template more",
      [...before, listing("z", { resources: ["r"], resourceTemplates: ["{t}"] })],
      ["resources", "resourceTemplates"],
    ],
  ])("%s", (_what, after, lists) => {
    expect(new Catalog(after, PREFIXED).changedSince(catalog)).toEqual(lists);
    expect(catalog.changedSince(new Catalog(after, PREFIXED))).toEqual(lists);
  });

  it("a digest is of the content: equal for equal lists, short, another for another description", () => {
    const again = new Catalog([...before], PREFIXED);
    for (const list of LIST_NAMES) expect(again.digest(list)).toBe(catalog.digest(list));
    expect(catalog.digest("tools")).toMatch(/^[A-Za-z0-9_-]{22}$/);
    const described = (description: string) => {
      const tools = readItems(JSON.stringify({ tools: [{ name: "a", description }] }), "tools");
      const lists = { ...listing("x", {}).listing.lists, tools };
      return new Catalog(
        [{ provider: "x", listing: { lists, instructions: undefined } }],
        PREFIXED,
      );
    };
    expect(described("1").digest("tools")).not.toBe(described("2").digest("tools"));
  });
});
