import { describe, expect, it } from "vitest";

import { UriTemplate } from "../../runtime/catalog/uri-template.ts";

/** Expansions of RFC 6570 §3.2, with its own values, and what must not be taken for one. */
describe("a URI that a template makes", () => {
  it.each([
    ["file:///a", "file:///a"],
    ["test://{id}/data", "test://7/data"],
    ["test://{id}/data", "test://%C3%A9%20x/data"],
    ["{var}", "value"],
    ["O{empty}X", "OX"],
    ["map?{x,y}", "map?1024,768"],
    ["{x,hello,y}", "1024,Hello%20World%21,768"],
    ["{var:3}", "val"],
    ["{list*}", "red,green,blue"],
    ["{keys*}", "semi=%3B,dot=.,comma=%2C"],
    ["{+path}/here", "/foo/bar/here"],
    ["here?ref={+path}", "here?ref=/foo/bar"],
    ["up{+path}{var}/here", "up/foo/barvalue/here"],
    ["X{#var}", "X#value"],
    ["{#path,x}/here", "#/foo/bar,1024/here"],
    ["X{.var}", "X.value"],
    ["X{.x,y}", "X.1024.768"],
    ["X{.list*}", "X.red.green.blue"],
    ["{/var}", "/value"],
    ["{/var,x}/here", "/value/1024/here"],
    ["{/list*}", "/red/green/blue"],
    ["{;x,y}", ";x=1024;y=768"],
    ["{;x,y,empty}", ";x=1024;y=768;empty"],
    ["{?x,y}", "?x=1024&y=768"],
    ["{?x,y}", "?x=1024"],
    ["search{?q}", "search"],
    ["{?list*}", "?list=red&list=green&list=blue"],
    ["?fixed=yes{&x}", "?fixed=yes&x=1024"],
    ["?fixed=yes{&x}", "?fixed=yes"],
    ["a.b+c(d)|e", "a.b+c(d)|e"],
    ["{x}{y}", "value"],
    ["repo://{owner}/{repo}/contents{/path*}", "repo://o/r/contents/a/b/c.ts"],
    ["repo://{owner}/{repo}/contents{/path*}", "repo://o/r/contents"],
  ])("%s makes %s", (template, uri) => {
    expect(new UriTemplate(template).matches(uri)).toBe(true);
  });

  it.each([
    ["file:///a", "file:///ab"],
    ["file:///a", "xfile:///a"],
    ["test://{id}/data", "test://7/8/data"],
    ["test://{id}/data", "test://7/data/x"],
    ["test://{id}", "test://7?x=1"],
    ["a.b", "axb"],
    ["{+path}/here", "/foo/bar/there"],
    ["{+path}", "a#b"],
    ["{/var}", "/a/b"],
    ["{?x}", "x=1"],
    ["X{#var}", "Xvalue"],
    ["{x,y}", "1,2,3"],
    ["{;x}", ";x=1;y=2"],
    ["repo://{owner}/{repo}/contents{/path*}", "repo://o/contents/a"],
  ])("%s does not make %s", (template, uri) => {
    expect(new UriTemplate(template).matches(uri)).toBe(false);
  });
});

it("only what stands outside of braces counts as literal: 14 characters of test://{id}/static", () => {
  expect(new UriTemplate("test://{id}/static").literalLength).toBe(14);
  expect(new UriTemplate("{+all}").literalLength).toBe(0);
});

it.each(["{", "}", "{}", "a{b", "a}b", "{{a}}", "[", "(", "\\"])(
  "the broken template %s throws nothing and matches no other URI",
  (template) => {
    expect(new UriTemplate(template).matches("test://other")).toBe(false);
  },
);

it("a URI of 8,000 characters that 6 open variables fit in countless ways is judged without trying them all", () => {
  const template = new UriTemplate("{+a}-{+b}-{+c}-{+d}-{+e}-{+f}-end");
  expect(template.matches("-".repeat(8_000))).toBe(false);
  expect(template.matches(`${"-".repeat(7_000)}end`)).toBe(true);
});

it("a URI of 8,001 characters is made by no template", () => {
  const template = new UriTemplate("{+a}");
  expect(template.matches("x".repeat(8_000))).toBe(true);
  expect(template.matches("x".repeat(8_001))).toBe(false);
});
