import type { Configuration } from "@mcp-fleet/contract/settings";
import { validate } from "@mcp-fleet/contract/settings";
import { expect, it, onTestFinished } from "vitest";
import type { ItemSource } from "../../runtime/catalog/item-source.ts";
import type { Listing } from "../../runtime/catalog/listing.ts";
import { Views } from "../../runtime/catalog/views.ts";
import { Events } from "../../runtime/sessions/events.ts";
import type { ListName } from "../../runtime/wire/methods.ts";
import { log } from "../../testkit/processes/test-log.ts";
import { eventually } from "../../testkit/vitest/eventually.ts";
import { aggregated, listing, namesOf } from "./listings.ts";

const NAMES = ["a", "b"];

/** A source that has its listing from the start. */
const sourceOf = (provider: string, given: Listing): ItemSource => ({
  provider,
  listing: given,
  settled: Promise.resolve(),
  start: () => {},
  refresh: () => {},
  close: async () => {},
});

/** The views of a process with 2 backends, and how often each list was announced. */
async function viewsOf(aggregation: Configuration["aggregation"]) {
  const backends = NAMES.map((name) => ({ name, url: "http://localhost/mcp" }));
  const settings = validate({ backends, aggregation });
  const sources = [
    sourceOf("a", listing("a", { tools: ["t", "u"], prompts: ["p"] }).listing),
    sourceOf("b", listing("b", { tools: ["t"] }).listing),
  ];
  const announced: ListName[] = [];
  const events = new Events(log);
  events.on("catalogChanged", (_view, lists) => void announced.push(...lists));
  const views = new Views({ settings, events, log, sourcesOf: () => sources });
  onTestFinished(() => views.close());
  await views.base.settled();
  return { views, announced };
}

const rules = (aggregation: Configuration["aggregation"]) => aggregated(aggregation, ...NAMES);

it("other rules change the lists at once, and clients hear once of the 1 list that differs", async () => {
  const { views, announced } = await viewsOf({});
  const entry = { workload: "a", filter: ["t"], overrides: { t: { description: "d" } } };
  expect(views.applyAggregation(rules({ tools: [entry] }))).toEqual([]);
  expect(namesOf(views.base.catalog, "tools")).toEqual(["a_t", "b_t"]);
  await eventually(() => expect(announced).toEqual(["tools"]));
});

it("rules that change nothing that is seen are announced to nobody", async () => {
  const { views, announced } = await viewsOf({});
  views.applyAggregation(rules({ tools: [{ workload: "a", filter: ["t", "u"] }] }));
  views.applyAggregation(rules({ excludeAllTools: true }));
  views.applyAggregation(rules({}));
  views.applyAggregation(rules({ prompts: [{ workload: "a", excludeAll: true }] }));
  await eventually(() => expect(announced).toEqual(["prompts"]));
});

it("rules that leave 1 name to be resolved by hand are refused, and nothing changes", async () => {
  const { views } = await viewsOf({});
  const before = views.base.catalog;
  expect(views.applyAggregation(rules({ conflictResolution: "manual" }))).toEqual([
    { list: "tools", name: "t", backends: ["a", "b"] },
  ]);
  expect(views.base.catalog).toBe(before);
  expect(views.aggregation.strategy).toBe("prefix");
});
