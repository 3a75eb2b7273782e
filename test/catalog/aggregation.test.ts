import { describe, expect, it } from "vitest";
import { Catalog } from "../../runtime/catalog/catalog.ts";
import { explainHidden, explainNames } from "../../runtime/catalog/explanation.ts";
import { readItems } from "../../runtime/catalog/listing.ts";
import { aggregated, listing, namesOf, pageText } from "./listings.ts";

const TOOL =
  '{ "unknown" : [1.0,9007199254740993],"name" : "find" ,"description":"old","annotations":{"readOnlyHint":true,"x-new":1},"inputSchema":{"type":"object"}}';

function textOf(catalog: Catalog, position = 0): string {
  return catalog.list("tools").items.text(position);
}

describe("overrides", () => {
  const empty = listing("a", {}).listing;
  const tools = readItems(`{"tools":[${TOOL}]}`, "tools");
  const withText = { provider: "a", listing: { ...empty, lists: { ...empty.lists, tools } } };

  it.each([
    ["a name", { name: "search" }, TOOL.replace('"find"', '"a_search"')],
    [
      "a description",
      { description: "new" },
      TOOL.replace('"find"', '"a_find"').replace('"old"', '"new"'),
    ],
    [
      "a title that was not there",
      { title: "T" },
      TOOL.replace('"find"', '"a_find"').replace("{", '{"title":"T",'),
    ],
    [
      "annotations alone",
      { annotations: { readOnlyHint: false, openWorldHint: true } },
      TOOL.replace('"find"', '"a_find"').replace(
        '{"readOnlyHint":true',
        '{"openWorldHint":true,"readOnlyHint":false',
      ),
    ],
    [
      "an empty name and description, as ToolHive",
      { name: "", description: "" },
      TOOL.replace('"find"', '"a_find"'),
    ],
  ])("of %s change that alone, byte for byte", (_what, override, text) => {
    const rules = aggregated({ tools: [{ workload: "a", overrides: { find: override } }] }, "a");
    expect(textOf(new Catalog([withText], rules))).toBe(text);
  });

  it("lead from the new name to the old one, and the old one leads nowhere", () => {
    const rules = aggregated(
      { tools: [{ workload: "a", overrides: { find: { name: "search" } } }] },
      "a",
    );
    const catalog = new Catalog([withText], rules);
    expect(catalog.tool("a_search")).toEqual({ provider: "a", name: "find", repeatable: true });
    expect(catalog.tool("a_find")).toBeUndefined();
  });

  it("that swap 2 names swap them", () => {
    const overrides = { one: { name: "two" }, two: { name: "one" } };
    const rules = aggregated({ tools: [{ workload: "a", overrides }] }, "a");
    const catalog = new Catalog([listing("a", { tools: ["one", "two"] })], rules);
    expect(catalog.tool("a_one")?.name).toBe("two");
    expect(catalog.tool("a_two")?.name).toBe("one");
    expect(catalog.conflicts).toEqual([]);
  });

  it("decide whether a call is repeated: a tool that no longer only reads is not", () => {
    const overrides = { find: { annotations: { readOnlyHint: false } } };
    const rules = aggregated({ tools: [{ workload: "a", overrides }] }, "a");
    expect(new Catalog([withText], rules).tool("a_find")?.repeatable).toBe(false);
  });

  it("come before the cut to 64 characters", () => {
    const overrides = { find: { name: "x".repeat(70) } };
    const rules = aggregated({ tools: [{ workload: "a", overrides }] }, "a");
    const [name = ""] = namesOf(new Catalog([withText], rules), "tools").map(String);
    expect(name).toMatch(/^a_x{53}_[0-9a-f]{8}$/);
  });

  it("of prompts change name and description, and of resources the name that is shown, but no URI", () => {
    const rules = aggregated(
      {
        prompts: [{ workload: "a", overrides: { p: { name: "q", description: "d" } } }],
        resources: [{ workload: "a", overrides: { "file:///1": { name: "One", title: "1" } } }],
      },
      "a",
    );
    const catalog = new Catalog(
      [listing("a", { prompts: ["p"], resources: [{ uri: "file:///1", name: "old" }] })],
      rules,
    );
    expect(pageText(catalog, "prompts")).toBe('{"description":"d","name":"a_q"}');
    expect(catalog.prompt("a_q")).toMatchObject({ name: "p" });
    expect(pageText(catalog, "resources")).toBe('{"title":"1","uri":"file:///1","name":"One"}');
    expect(catalog.resource("file:///1")).toBe("a");
  });

  it("to a name that the backend has already are a conflict of the backend with itself", () => {
    const overrides = { one: { name: "two" } };
    const rules = aggregated({ tools: [{ workload: "a", overrides }] }, "a");
    const catalog = new Catalog([listing("a", { tools: ["one", "two"] })], rules);
    expect(catalog.conflicts).toMatchObject([{ backend: "a", shadowedBy: "a" }]);
    expect(catalog.size("tools") + catalog.conflicts.length).toBe(2);
  });
});

describe("what is hidden", () => {
  const both = [
    listing("a", { tools: ["read", "write"], prompts: ["p"] }),
    listing("b", { tools: ["read"], prompts: ["p", "q"] }),
  ];

  it.each<[string, Parameters<typeof aggregated>[0], readonly string[], readonly string[]]>([
    [
      "by a filter",
      { tools: [{ workload: "a", filter: ["read"] }] },
      ["a_read", "b_read"],
      ["a_write"],
    ],
    [
      "by a filter of a name after overrides",
      { tools: [{ workload: "a", filter: ["get"], overrides: { read: { name: "get" } } }] },
      ["a_get", "b_read"],
      ["a_write"],
    ],
    [
      "by no filter, if it is empty",
      { tools: [{ workload: "a", filter: [] }] },
      ["a_read", "a_write", "b_read"],
      [],
    ],
    [
      "by excludeAll",
      { tools: [{ workload: "a", excludeAll: true }] },
      ["b_read"],
      ["a_read", "a_write"],
    ],
    ["by excludeAllTools", { excludeAllTools: true }, [], ["a_read", "a_write", "b_read"]],
    [
      "by defaultToolVisibility deny, but for backends with an entry",
      { defaultToolVisibility: "deny", tools: [{ workload: "b" }] },
      ["b_read"],
      ["a_read", "a_write"],
    ],
  ])(
    "%s is not listed, leads nowhere, and is there for the gateway itself",
    (_what, rules, shown, hidden) => {
      const catalog = new Catalog(both, aggregated(rules, "a", "b"));
      expect(namesOf(catalog, "tools")).toEqual(shown);
      expect(hidden.map((name) => catalog.tool(name))).toEqual(hidden.map(() => undefined));
      expect(hidden.map((name) => catalog.innerTool(name)?.provider)).toEqual(
        hidden.map((name) => name.slice(0, 1)),
      );
      expect(explainHidden(catalog).rows).toHaveLength(hidden.length);
      expect(namesOf(catalog, "prompts")).toEqual(["a_p", "b_p", "b_q"]);
    },
  );

  it("of prompts is unknown as well", () => {
    const rules = aggregated({ prompts: [{ workload: "b", filter: ["q"] }] }, "a", "b");
    const catalog = new Catalog(both, rules);
    expect(namesOf(catalog, "prompts")).toEqual(["a_p", "b_q"]);
    expect(catalog.prompt("b_p")).toBeUndefined();
  });

  it("takes no name from what is seen: the other backend has it", () => {
    const rules = aggregated(
      {
        conflictResolution: "priority",
        conflictResolutionConfig: { priorityOrder: ["a", "b"] },
        tools: [{ workload: "a", filter: ["write"] }],
      },
      "a",
      "b",
    );
    const catalog = new Catalog(both, rules);
    expect(catalog.tool("read")?.provider).toBe("b");
    expect(catalog.conflicts.filter(({ list }) => list === "tools")).toEqual([]);
  });

  it("of a backend that is away is not missing: 0 of its tools would be seen", () => {
    const rules = aggregated({ tools: [{ workload: "a", excludeAll: true }] }, "a", "b");
    const catalog = new Catalog([{ provider: "a", listing: undefined }, ...both.slice(1)], rules);
    expect(catalog.missing("tools")).toEqual([]);
    expect(catalog.missing("prompts")).toEqual(["a"]);
  });
});

describe("a hidden URI", () => {
  const data = listing("data", {
    resources: ["db://open/1", "db://secret/key"],
    resourceTemplates: ["db://{+path}", "db://vault/{id}"],
  });
  const hiding = (...filter: string[]) =>
    aggregated({ resources: [{ workload: "data", filter }] }, "data");

  it("is not made by a template that is seen, however it is spelled", () => {
    const catalog = new Catalog([data], hiding("db://open/1", "db://{+path}"));
    expect(catalog.resource("db://open/1")).toBe("data");
    expect(catalog.resource("db://other")).toBe("data");
    expect(catalog.resource("db://secret/key")).toBeUndefined();
    for (const uri of ["db://secret/%6Bey", "db://secret/./x/../key", "db://secret/key#1"]) {
      expect(catalog.resource(uri)).toBeUndefined();
    }
    expect(catalog.mayAsk("data", "db://secret/key")).toBe(false);
  });

  it("is also what a hidden template makes, where that is the most literal one", () => {
    const catalog = new Catalog([data], hiding("db://{+path}"));
    expect(catalog.resource("db://vault/7")).toBeUndefined();
    expect(catalog.template("db://vault/{id}")).toBeUndefined();
    expect(catalog.resource("db://else/7")).toBe("data");
  });

  it("of 1 backend may be another one's, who lists it or makes it", () => {
    const rules = hiding("db://open/1");
    const other = listing("other", { resourceTemplates: ["db://secret/{name}"] });
    expect(new Catalog([data, other], rules).resource("db://secret/key")).toBe("other");
  });

  it("is every URI of a backend with excludeAll, and none of one without rules", () => {
    const closed = aggregated({ resources: [{ workload: "data", excludeAll: true }] }, "data");
    expect(new Catalog([data], closed).mayAsk("data", "db://unlisted")).toBe(false);
    expect(new Catalog([data], closed).resource("db://else/7")).toBeUndefined();
    expect(new Catalog([data], aggregated({})).mayAsk("data", "db://unlisted")).toBe(true);
  });

  it("is not known while the list of resources was not read: no template is followed then", () => {
    const unread = { ...data, listing: { ...data.listing, unread: ["resources"] as const } };
    expect(new Catalog([unread], hiding("db://{+path}")).resource("db://else")).toBeUndefined();
    expect(new Catalog([unread], aggregated({})).resource("db://else")).toBe("data");
  });

  it("makes 2 catalogs differ although clients see the same lists", () => {
    const rules = hiding("db://open/1");
    const without = listing("data", { resources: ["db://open/1"] });
    const one = new Catalog([without], rules);
    expect(new Catalog([data], rules).changedSince(one)).toEqual([]);
    expect(new Catalog([data], rules).equals(one)).toBe(false);
  });
});

describe("priority", () => {
  const rules = aggregated(
    {
      conflictResolution: "priority",
      conflictResolutionConfig: { priorityOrder: ["second", "first"] },
    },
    "first",
    "second",
    "third",
    "fourth",
  );

  it("leaves names as they are, and of 3 backends with one name the first in priorityOrder has it", () => {
    const catalog = new Catalog(
      [
        listing("third", { tools: ["t", "own"] }),
        listing("first", { tools: ["t"] }),
        listing("second", { tools: ["t"] }),
      ],
      rules,
    );
    expect(namesOf(catalog, "tools")).toEqual(["t", "own"]);
    expect(catalog.tool("t")?.provider).toBe("second");
    expect(catalog.conflicts.map(({ backend, reason }) => [backend, reason])).toEqual([
      ["first", "second comes first in priorityOrder"],
      ["third", "second comes first in priorityOrder"],
    ]);
  });

  it("gives prefixes to a name that only 2 backends outside of priorityOrder have, and to no other", () => {
    const catalog = new Catalog(
      [
        listing("third", { tools: ["t", "own"] }),
        listing("fourth", { tools: ["t"] }),
        listing("first", { tools: ["u"] }),
      ],
      rules,
    );
    expect(namesOf(catalog, "tools")).toEqual(["u", "third_t", "own", "fourth_t"]);
    expect(catalog.tool("t")).toBeUndefined();
    expect(catalog.conflicts).toEqual([]);
  });

  it("leaves the prompts of listed backends, and prefixes those of the others", () => {
    const prompts = ["p"];
    const catalog = new Catalog(
      [
        listing("first", { prompts }),
        listing("second", { prompts }),
        listing("third", { prompts }),
      ],
      rules,
    );
    expect(namesOf(catalog, "prompts")).toEqual(["p", "third_p"]);
    expect(catalog.prompt("p")?.provider).toBe("second");
  });

  it("decides whose a URI is, too", () => {
    const resources = ["file:///1"];
    const catalog = new Catalog(
      [listing("first", { resources }), listing("second", { resources })],
      rules,
    );
    expect(catalog.resource("file:///1")).toBe("second");
  });

  it("hands a name on when the first one no longer has it, although clients see the same text", () => {
    const both = [listing("first", { tools: ["t"] }), listing("second", { tools: ["t"] })];
    const before = new Catalog(both, rules);
    const after = new Catalog([listing("first", { tools: ["t"] }), listing("second", {})], rules);
    expect(after.changedSince(before)).toEqual([]);
    expect(after.equals(before)).toBe(false);
  });
});

describe("manual", () => {
  const both = [listing("a", { tools: ["t", "u"] }), listing("b", { tools: ["t"] })];

  it("leaves a name that 2 backends offer to nobody, and says which", () => {
    const catalog = new Catalog(both, aggregated({ conflictResolution: "manual" }, "a", "b"));
    expect(catalog.unresolved).toEqual([{ list: "tools", name: "t", backends: ["a", "b"] }]);
    expect(namesOf(catalog, "tools")).toEqual(["u"]);
    expect(catalog.tool("t")).toBeUndefined();
  });

  it.each([
    ["an override", { workload: "b", overrides: { t: { name: "v" } } }, ["t", "u", "v"]],
    ["a filter", { workload: "b", filter: ["other"] }, ["t", "u"]],
    ["excludeAll", { workload: "b", excludeAll: true }, ["t", "u"]],
  ])("is content with %s", (_what, entry, names) => {
    const rules = aggregated({ conflictResolution: "manual", tools: [entry] }, "a", "b");
    const catalog = new Catalog(both, rules);
    expect(catalog.unresolved).toEqual([]);
    expect(namesOf(catalog, "tools")).toEqual(names);
  });

  it("is not content with an override to a name that another backend has, or the same one", () => {
    const to = (name: string) =>
      aggregated(
        { conflictResolution: "manual", tools: [{ workload: "b", overrides: { t: { name } } }] },
        "a",
        "b",
      );
    expect(new Catalog(both, to("u")).unresolved).toMatchObject([{ name: "u" }]);
    const twice = [listing("b", { tools: ["t", "w"] })];
    expect(new Catalog(twice, to("w")).unresolved).toMatchObject([{ name: "w", backends: ["b"] }]);
  });

  it("prefixes prompts, which nothing else tells apart", () => {
    const prompts = ["p"];
    const catalog = new Catalog(
      [listing("a", { prompts }), listing("b", { prompts })],
      aggregated({ conflictResolution: "manual" }, "a", "b"),
    );
    expect(namesOf(catalog, "prompts")).toEqual(["a_p", "b_p"]);
  });
});

describe("a prefix without {workload}", () => {
  it("is that of all: of 2 equal names the first backend has it, and the conflict is listed", () => {
    const rules = aggregated({ conflictResolutionConfig: { prefixFormat: "my_" } }, "a", "b");
    const catalog = new Catalog(
      [listing("a", { tools: ["t"] }), listing("b", { tools: ["t", "u"] })],
      rules,
    );
    expect(namesOf(catalog, "tools")).toEqual(["my_t", "my_u"]);
    expect(catalog.conflicts).toMatchObject([{ name: "my_t", backend: "b", shadowedBy: "a" }]);
    expect(rules.naming.ownerOf("my_t", ["a", "b"])).toBeUndefined();
  });
});

describe("what the settings name although no backend lists it", () => {
  const rules = aggregated(
    {
      tools: [
        {
          workload: "a",
          filter: ["find", "serch"],
          overrides: { find: { name: "search" }, gone: { title: "x" } },
        },
      ],
      resources: [{ workload: "a", filter: ["file:///{x}", "file:///2"] }],
    },
    "a",
  );

  it("is said once for each of 4 names, with what it is called now", () => {
    const listed = [listing("a", { tools: ["find"], resourceTemplates: ["file:///{x}"] })];
    expect(rules.unmatched(listed)).toEqual([
      'aggregation.tools of a: filter has "find", which overrides call "search": filters have the names after overrides',
      'aggregation.tools of a: filter has "serch", which the backend does not list',
      'aggregation.tools of a: overrides has "gone", which the backend does not list',
      'aggregation.resources of a: filter has "file:///2", which the backend does not list',
    ]);
  });

  it("is not said while the backend was not read", () => {
    expect(rules.unmatched([{ provider: "a", listing: undefined }])).toEqual([]);
  });
});

describe("the explanation of names", () => {
  it("says for each whose it is, what it is there, why it is called so, and what it hides", () => {
    const rules = aggregated(
      {
        conflictResolution: "priority",
        conflictResolutionConfig: { priorityOrder: ["a"] },
        tools: [{ workload: "a", overrides: { find: { name: "search" } } }],
      },
      "a",
      "b",
      "c",
    );
    const catalog = new Catalog(
      [
        listing("a", { tools: ["find", "x"] }),
        listing("b", { tools: ["x", "y"] }),
        listing("c", { tools: ["y"] }),
      ],
      rules,
    );
    const row = { list: "tools" };
    expect(explainNames(catalog)).toEqual({
      rows: [
        {
          ...row,
          name: "search",
          backend: "a",
          own: "find",
          because: "override, no prefix, place 1 in priorityOrder",
        },
        {
          ...row,
          name: "x",
          backend: "a",
          own: "x",
          because: "its own, place 1 in priorityOrder",
          hides: ["b"],
        },
        {
          ...row,
          name: "b_y",
          backend: "b",
          own: "y",
          because: "prefix, since several backends outside of priorityOrder have it",
        },
        {
          ...row,
          name: "c_y",
          backend: "c",
          own: "y",
          because: "prefix, since several backends outside of priorityOrder have it",
        },
      ],
      more: 0,
    });
  });

  it("of 700 names has 500, and says that there are 200 more", () => {
    const tools = Array.from({ length: 700 }, (_, index) => `t${index}`);
    const { rows, more } = explainNames(new Catalog([listing("x", { tools })], aggregated({})));
    expect(rows).toHaveLength(500);
    expect(more).toBe(200);
  });
});

it("without rules no item is rebuilt: the texts of 1,000 tools are those that the backend wrote", () => {
  const tools = Array.from({ length: 1_000 }, (_, index) => `t${index}`);
  const given = listing("x", { tools });
  const rules = aggregated({ conflictResolutionConfig: { prefixFormat: "" } });
  expect(rules.offers("tools", "x", given.listing.lists.tools)).toBe(given.listing.lists.tools);
});
