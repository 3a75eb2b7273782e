import { type FleetInputs, plan } from "@mcp-fleet/contract/capacity";
import { expect, test } from "vitest";
import { planSvg } from "../tools/plan-drawing/plan-drawing.ts";

/** Every text of a drawing, as its reader sees it. */
const textsOf = (svg: string) => [...svg.matchAll(/<text [^>]*>([^<]*)</g)].map(([, text]) => text);

const drawn = (given: FleetInputs) => planSvg(plan(given));

/** Fails where the elements are not closed one within the other, or an attribute or a text is no XML. */
function expectWellFormed(svg: string): void {
  const open: string[] = [];
  const names = /<(\/?)([a-z]+)((?: [a-zA-Z-]+="[^"<]*")*)(\/?)>|([^<]+)/g;
  let end = 0;
  for (const { 0: whole, 1: closing, 2: name = "", 4: alone, index } of svg.matchAll(names)) {
    expect(index, svg.slice(end, end + 80)).toBe(end);
    end = index + whole.length;
    expect(whole.replaceAll(/&(?:amp|lt|gt|quot|apos);/g, "")).not.toContain("&");
    if (closing === "/") expect(open.pop()).toBe(name);
    else if (name !== "" && alone !== "/") open.push(name);
  }
  expect([end, open]).toEqual([svg.length, []]);
}

test("a fleet of 2,500 sessions is drawn with the figures of its plan, without scripts, fonts or links", () => {
  const given = {
    sessions: 2500,
    maxReplicas: 8,
    servers: [{ name: "github", replicas: 3, proxied: true }, { name: "search" }],
  };
  const svg = drawn(given);
  const { gateways, store } = plan(given);
  expectWellFormed(svg);
  const texts = textsOf(svg);
  expect(texts).toEqual(
    expect.arrayContaining([
      "A fleet for 2,500 sessions at 2 servers",
      "3–8 pods",
      gateways.requiredNofile.value.toLocaleString("en-US"),
      `${gateways.memory.value / 2 ** 20}Mi`,
      `${store?.clients.value}`,
      `${(store?.volume.value ?? 0) / 2 ** 30}Gi`,
      "drain 5m",
      "github",
      "Proxies",
      "search, which runs elsewhere",
    ]),
  );
  expect(svg).toContain("@media (prefers-color-scheme:dark)");
  expect(svg.match(/https?:[^"]*/g)).toEqual(["http://www.w3.org/2000/svg"]);
  expect(svg).not.toMatch(/<script|@import|@font-face|href=|on[a-z]+=/);
});

test("of 200 servers the first 6 are drawn, and 194 are said to be more", () => {
  const servers = Array.from({ length: 200 }, (_, index) => ({ name: `s${index}`, replicas: 1 }));
  const texts = textsOf(drawn({ sessions: 100, servers, upstreamConnections: 16 }));
  expect(texts.filter((text) => /^s\d+$/.test(text ?? ""))).toEqual(
    servers.slice(0, 6).map(({ name }) => name),
  );
  expect(texts).toContain("and 194 more");
});

test("10 backends that nobody describes are 1 line, and a store in memory is no store", () => {
  const texts = textsOf(drawn({ sessions: 100, backends: 10, store: "memory" }));
  expect(texts).toEqual(expect.arrayContaining(["10 servers", "its memory"]));
  expect(texts).not.toContain("maxmemory");
});

test("a name is text, whatever it holds, and at most 40 characters of it are drawn", () => {
  const name = `<a href="x">&'\u0001\uD800${"w".repeat(60)}`;
  const svg = drawn({ sessions: 1, servers: [{ name, replicas: 1 }] });
  expectWellFormed(svg);
  expect(svg).not.toContain("<a ");
  expect(svg).toContain(`&lt;a href=&quot;x&quot;&gt;&amp;&apos;\uFFFD\uFFFD${"w".repeat(23)}…`);
});

interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

function boxesOf(svg: string, classes: readonly string[]): Box[] {
  return [...svg.matchAll(/<rect class="([^"]*)" ([^>]*)\/>/g)].flatMap(
    ([, kind = "", said = ""]) => {
      const number = (name: string) => Number(new RegExp(`\\b${name}="([^"]*)"`).exec(said)?.[1]);
      if (!classes.includes(kind)) return [];
      return [{ x: number("x"), y: number("y"), width: number("width"), height: number("height") }];
    },
  );
}

const areApart = (one: Box, other: Box) =>
  one.x + one.width <= other.x ||
  other.x + other.width <= one.x ||
  one.y + one.height <= other.y ||
  other.y + other.height <= one.y;

test("no lane and no card lies upon another or outside of the drawing, for 1 to 7 servers of every kind", () => {
  for (let count = 1; count <= 7; count += 1) {
    const servers = Array.from({ length: count }, (_, index) => ({
      name: `s${index}`,
      replicas: (index + count) % 3,
      proxied: index % 2 === 0,
    }));
    const svg = drawn({ sessions: 5000, servers });
    const [page] = boxesOf(svg, ["page"]);
    const lanes = boxesOf(svg, ["lane"]);
    const cards = boxesOf(svg, ["card", "elsewhere"]);
    expect([lanes.length, cards.length >= 3]).toEqual([count, true]);
    for (const boxes of [lanes, cards]) {
      boxes.forEach((box, index) => {
        expect(box.x + box.width).toBeLessThan(page?.width ?? 0);
        expect(box.y + box.height).toBeLessThan(page?.height ?? 0);
        for (const other of boxes.slice(index + 1)) {
          const both = `${count} servers: ${JSON.stringify([box, other])}`;
          expect(areApart(box, other), both).toBe(true);
        }
      });
    }
  }
});
