import { validate } from "@mcp-fleet/contract/settings";
import fc from "fast-check";
import { expect, it } from "vitest";
import { CedarAuthorizer } from "../../runtime/authz/cedar-authorizer.ts";
import { RequestContext } from "../../runtime/calls/request-context.ts";
import { Catalog } from "../../runtime/catalog/catalog.ts";
import { Permissions } from "../../runtime/roles/gateway/permissions.ts";
import { LiveSession } from "../../runtime/sessions/live-session.ts";
import type { Principal } from "../../runtime/sessions/principal.ts";
import { Metrics } from "../../runtime/telemetry/metrics.ts";
import type { ListName } from "../../runtime/wire/methods.ts";
import { sessionRecord } from "../../testkit/processes/session-record.ts";
import { log } from "../../testkit/processes/test-log.ts";
import { seed } from "../../testkit/seed.ts";
import { aggregated, listing } from "../catalog/listings.ts";

interface Who {
  readonly sub: string;
  readonly groups: readonly string[];
  readonly team?: string;
}

interface What {
  readonly list: ListName;
  readonly name: string;
  readonly isReadOnly?: boolean;
  readonly amount?: number;
}

/** A policy, and what it says in our own words. */
interface Rule {
  readonly effect: "permit" | "forbid";
  readonly text: string;
  readonly applies: (who: Who, what: What) => boolean;
}

const READS: readonly ListName[] = ["resources", "resourceTemplates"];
const GROUPS = ["g0", "g1", "g2"];

const RULES: readonly Rule[] = [
  ...GROUPS.map(
    (group): Rule => ({
      effect: "permit",
      text: `permit(principal in THVGroup::"${group}", action, resource) when { resource.name like "*${group.at(1)}" };`,
      applies: ({ groups }, { name }) => groups.includes(group) && name.endsWith(group.at(1) ?? ""),
    }),
  ),
  {
    effect: "permit",
    text: 'permit(principal in THVGroup::"g0", action == Action::"call_tool", resource) when { resource has readOnlyHint && resource.readOnlyHint };',
    applies: ({ groups }, { list, isReadOnly }) =>
      groups.includes("g0") && list === "tools" && isReadOnly === true,
  },
  {
    effect: "permit",
    text: 'permit(principal, action, resource) when { principal has claim_team && principal.claim_team == "red" };',
    applies: ({ team }) => team === "red",
  },
  {
    effect: "permit",
    text: 'permit(principal == Client::"s1", action == Action::"read_resource", resource);',
    applies: ({ sub }, { list }) => sub === "s1" && READS.includes(list),
  },
  {
    effect: "forbid",
    text: 'forbid(principal == Client::"s0", action, resource) when { resource.name like "*1" };',
    applies: ({ sub }, { name }) => sub === "s0" && name.endsWith("1"),
  },
  {
    effect: "forbid",
    text: 'forbid(principal, action == Action::"get_prompt", resource) unless { principal in THVGroup::"g2" };',
    applies: ({ groups }, { list }) => list === "prompts" && !groups.includes("g2"),
  },
  {
    effect: "forbid",
    text: 'forbid(principal, action == Action::"call_tool", resource) when { context has arg_amount && context.arg_amount > 5 };',
    applies: (_, { list, amount = 0 }) => list === "tools" && amount > 5,
  },
];

const mayUse = (rules: readonly Rule[], who: Who, what: What) =>
  rules.some(({ effect, applies }) => effect === "permit" && applies(who, what)) &&
  !rules.some(({ effect, applies }) => effect === "forbid" && applies(who, what));

const LISTS: readonly ListName[] = ["tools", "prompts", "resources", "resourceTemplates"];

const NAME_KEY = {
  tools: "name",
  prompts: "name",
  resources: "uri",
  resourceTemplates: "uriTemplate",
} as const;

const ITEMS: Readonly<Record<ListName, readonly What[]>> = {
  tools: [0, 1, 2, 3].map((index) => ({
    list: "tools",
    name: `tool${index}`,
    isReadOnly: index % 2 === 0,
  })),
  prompts: [0, 1, 2].map((index) => ({ list: "prompts", name: `prompt${index}` })),
  resources: [0, 1, 2].map((index) => ({ list: "resources", name: `file:///${index}` })),
  resourceTemplates: [0, 1].map((index) => ({
    list: "resourceTemplates",
    name: `file:///{x}/${index}`,
  })),
};

/** The same items, of which the first `left` are there. */
function catalogOf(left: number): Catalog {
  const only = (list: ListName) => ITEMS[list].slice(0, left);
  const given = listing("x", {
    tools: only("tools").map(({ name, isReadOnly }) => ({
      name,
      annotations: { readOnlyHint: isReadOnly },
    })),
    prompts: only("prompts").map(({ name }) => ({ name })),
    resources: only("resources").map(({ name }) => ({ uri: name, name })),
    resourceTemplates: only("resourceTemplates").map(({ name }) => ({ uriTemplate: name, name })),
  });
  const naming = { conflictResolutionConfig: { prefixFormat: "" } };
  return new Catalog([given], aggregated(naming));
}

const backends = [{ name: "x", url: "http://127.0.0.1:9/mcp" }];

function settingsOf(rules: readonly Rule[]) {
  const policies = rules.map(({ text }) => text);
  const authz = { type: "cedar", policies, cachedDecisions: 100 };
  const { authorization } = validate({ backends, incomingAuth: { authz } });
  if (authorization === undefined) throw new Error("authz is not on");
  return authorization;
}

/** A client, with a new principal for each of its requests, as with a refreshed token. */
class Client {
  readonly who: Who;
  readonly session: LiveSession;

  constructor(who: Who, index: number) {
    this.who = who;
    this.session = new LiveSession(`id-${index}`, sessionRecord(`key-${index}`), 0);
  }

  get context(): RequestContext {
    const { sub, groups, team } = this.who;
    const claims = { sub, groups, ...(team !== undefined && { team }) };
    const principal: Principal = { issuer: "https://a", subject: sub, claims, owner: sub };
    return new RequestContext({ principal, session: this.session, maxMs: 1_000 });
  }
}

const rules = fc
  .uniqueArray(fc.constantFrom(...RULES), { minLength: 1 })
  .filter((some) => some.some(({ effect }) => effect === "permit"));

const clients = fc.array(
  fc.record(
    {
      sub: fc.constantFrom("s0", "s1", "s2"),
      groups: fc.uniqueArray(fc.constantFrom(...GROUPS)),
      team: fc.constantFrom("red", "blue"),
    },
    { requiredKeys: ["sub", "groups"] },
  ),
  { minLength: 2, maxLength: 5 },
);

const steps = fc.array(
  fc.record({
    kind: fc.constantFrom(
      "list",
      "list",
      "cursor",
      "use",
      "use",
      "use",
      "changed",
      "changed",
      "lists",
      "policies",
    ),
    client: fc.nat(),
    other: fc.nat(),
    list: fc.constantFrom(...LISTS),
    index: fc.nat(),
    amount: fc.constantFrom(1, 9),
    rules,
  }),
  { minLength: 30, maxLength: 40 },
);

it("whatever the policies, 2 to 5 clients and the order: each sees, pages through, uses and hears of what is its own", async () => {
  await fc.assert(
    fc.asyncProperty(rules, clients, steps, async (first, people, all) => {
      const metrics = new Metrics();
      const settings = settingsOf(first);
      const authorizer = await CedarAuthorizer.open({ settings, gateway: "vmcp", metrics, log });
      const permissions = new Permissions(authorizer);
      const members = people.map((who, index) => new Client(who, index));
      let present = first;
      let left = 4;
      let catalog = catalogOf(left);
      const own = ({ who }: Client, list: ListName) =>
        ITEMS[list].slice(0, left).filter((what) => mayUse(present, who, what));
      try {
        for (const { kind, client, other, list, index, amount, rules: next } of all) {
          const member = members[client % members.length] as Client;
          const another = members[other % members.length] as Client;
          const mine = own(member, list).map(({ name }) => name);
          if (kind === "list") {
            const offered = await permissions.list(member.context, catalog, list);
            expect(offered.names).toEqual(mine);
            member.session.listed.set(list, offered.digest);
          } else if (kind === "cursor") {
            // One that somebody else got leads to nothing but one's own, or nowhere.
            const theirs = await permissions.list(another.context, catalog, list);
            const { nextCursor } = theirs.page(undefined, 1) ?? {};
            const offered = await permissions.list(member.context, catalog, list);
            const page = offered.page(nextCursor, 10)?.items ?? "";
            const items: Record<string, string>[] = JSON.parse(`[${page}]`);
            const names = items.map((item) => item[NAME_KEY[list]]);
            expect(mine).toEqual(expect.arrayContaining(names));
          } else if (kind === "use") {
            const what = ITEMS[list][index % ITEMS[list].length] as What;
            const item = { list, name: what.name, backend: "x" };
            if (!ITEMS[list].slice(0, left).includes(what)) continue;
            const args = list === "tools" ? { amount } : undefined;
            const answer = await permissions.permits(member.context, catalog, item, args);
            const asked = list === "tools" ? { ...what, amount } : what;
            expect(answer).toBe(mayUse(present, member.who, asked));
          } else if (kind === "changed") {
            if (!member.session.listed.has(list)) continue;
            const before = member.session.listed.get(list);
            const { digest } = await permissions.list(member.context, catalog, list);
            const changed = await permissions.changedFor(member.session, catalog, [list]);
            expect([...changed.keys()]).toEqual(before === digest ? [] : [list]);
          } else if (kind === "lists") {
            left = 1 + (index % 4);
            catalog = catalogOf(left);
          } else {
            present = next;
            await authorizer.apply(settingsOf(next));
          }
        }
      } finally {
        await authorizer.close();
      }
    }),
    { numRuns: 4, seed, endOnFailure: true },
  );
}, 60_000);
