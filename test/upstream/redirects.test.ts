import { expect, it } from "vitest";
import { callOf, messageOf, startFleet, textOf } from "../../testkit/processes/scripted-fleet.ts";
import type { ScriptedBackend } from "../../testkit/servers/scripted-backend.ts";

interface Redirecting {
  /** Paths of all requests, in their order. */
  readonly paths: string[];
  /** From where to where. */
  moves: Readonly<Record<string, string>>;
  status: number;
}

/** A server at one path that sends who comes to another one there. */
function redirecting(backend: ScriptedBackend, status = 307): Redirecting {
  const seen: Redirecting = { paths: [], moves: { "/mcp": "/mcp/" }, status };
  backend.onHead = (request, response) => {
    const path = request.url ?? "";
    seen.paths.push(path);
    const location = seen.moves[path];
    if (location === undefined) return false;
    request.resume();
    response.writeHead(seen.status, { location }).end();
    return true;
  };
  return seen;
}

it.each([307, 308])(
  "a backend that redirects with %d to the same path with a slash is called there, and asked at the first path once",
  async (status) => {
    let seen: Redirecting | undefined;
    const { client } = await startFleet({
      prepare: (backend) => {
        seen = redirecting(backend, status);
      },
    });
    for (const id of [1, 2, 3]) {
      expect(textOf(await client.post(callOf("write", id)))).toBe("write for raw");
    }
    expect(seen?.paths.filter((path) => path === "/mcp")).toHaveLength(1);
  },
);

it("a backend that redirects 5 times in a row is called where that leads to, and asked on the way once", async () => {
  let seen: Redirecting | undefined;
  const { client } = await startFleet({
    prepare: (backend) => {
      seen = redirecting(backend);
      seen.moves = { "/mcp": "/1", "/1": "/2", "/2": "/3", "/3": "/4", "/4": "/5" };
    },
  });
  for (const id of [1, 2]) {
    expect(textOf(await client.post(callOf("write", id)))).toBe("write for raw");
  }
  for (const path of ["/mcp", "/1", "/2", "/3", "/4"]) {
    expect(seen?.paths.filter((one) => one === path)).toHaveLength(1);
  }
});

it("a backend that moves back to its first path is found there again", async () => {
  let seen: Redirecting | undefined;
  const { client } = await startFleet({
    prepare: (backend) => {
      seen = redirecting(backend);
    },
  });
  expect(textOf(await client.post(callOf("write", 1)))).toBe("write for raw");
  if (seen !== undefined) seen.moves = { "/mcp/": "/mcp" };
  expect(textOf(await client.post(callOf("write", 2)))).toBe("write for raw");
  const before = seen?.paths.length ?? 0;
  expect(textOf(await client.post(callOf("write", 3)))).toBe("write for raw");
  expect(seen?.paths.slice(before)).toEqual(["/mcp"]);
});

it("two paths that redirect to each other are asked once each, and the error says so", async () => {
  const { backend, client } = await startFleet();
  expect(textOf(await client.post(callOf("write", 1)))).toBe("write for raw");
  const seen = redirecting(backend);
  seen.moves = { "/mcp": "/mcp/", "/mcp/": "/mcp" };
  const { error } = messageOf(await client.post(callOf("write", 2)));
  expect(error?.message).toBe(
    "the backend scripted redirects to another address with HTTP 307; the call did not run",
  );
  expect(seen.paths).toEqual(["/mcp", "/mcp/"]);
});
