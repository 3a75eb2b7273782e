import { beforeAll, describe, expect, it } from "vitest";
import { MARK } from "../../runtime/upstream/transports/stdio/process-group.ts";
import { hasRedis, RedisProcess } from "../../testkit/processes/redis.ts";
import { messagesOf, statusOf } from "../../testkit/processes/scripted-fleet.ts";
import { openAt } from "../../testkit/processes/sse-fleet.ts";
import {
  deed,
  deedOf,
  isRunning,
  sessionFolders,
  startStdio,
  startStdioPair,
} from "../../testkit/processes/stdio-gateway.ts";
import { eventually } from "../../testkit/vitest/eventually.ts";

describe("a server over stdio", () => {
  it("is a program for each session: two sessions count by themselves, in 2 programs", async () => {
    const gateway = await startStdio();
    const [first, second] = [await openAt(gateway), await openAt(gateway)];
    for (const count of ["1", "2", "3"]) expect(await deed(first, "count")).toBe(count);
    expect(await deed(second, "count")).toBe("1");
    expect(await deed(first, "pid")).not.toBe(await deed(second, "pid"));
  });

  it("is ended with its session, and its folder is removed", async () => {
    const gateway = await startStdio();
    await openAt(gateway);
    const client = await openAt(gateway);
    const pid = await deed(client, "pid");
    const folders = sessionFolders();
    expect(await deed(client, "folder")).toContain("mcp-fleet-stdio-");
    expect(isRunning(pid)).toBe(true);
    await client.end();
    await eventually(() => expect(isRunning(pid)).toBe(false));
    await eventually(() => expect(sessionFolders()).toBe(folders - 1));
  });

  it("is ended with the gateway, all of its 3 sessions", async () => {
    const gateway = await startStdio();
    const clients = [await openAt(gateway), await openAt(gateway), await openAt(gateway)];
    const pids = await Promise.all(clients.map((client) => deed(client, "pid")));
    await gateway.close();
    await eventually(() => expect(pids.filter(isRunning)).toEqual([]));
  });

  it("runs in the folder that is named, which stays", async () => {
    const gateway = await startStdio({ cwd: import.meta.dirname });
    expect(await deed(await openAt(gateway), "folder")).toBe(import.meta.dirname);
  });

  it("gets 3 kinds of variables: what programs have, passEnv, and its own", async () => {
    const environment = { HOME: "/home/me", GIVEN: "1", SECRET: "2" };
    const gateway = await startStdio({ environment, passEnv: ["GIVEN"], env: { OWN: "3" } });
    const names = (await deed(await openAt(gateway), "variables")).split(" ");
    expect(names.filter((name) => name !== MARK)).toEqual(["GIVEN", "HOME", "OWN", "PATH"]);
  });

  it("asks the client during a call, and gets its answer", async () => {
    const client = await openAt(await startStdio(), { elicitation: {} });
    const stream = await client.stream(deedOf("ask"));
    const question = JSON.parse((await stream.next()) ?? "");
    expect(question).toMatchObject({ method: "elicitation/create", params: { message: "who?" } });
    const result = { action: "accept", content: { name: "Ada" } };
    await client.post(JSON.stringify({ jsonrpc: "2.0", id: question.id, result }));
    expect(await stream.next()).toContain("Ada");
  });

  it("tells 3 steps of progress before the answer", async () => {
    const client = await openAt(await startStdio());
    const call = JSON.parse(deedOf("progress"));
    call.params._meta = { progressToken: "mine" };
    const messages = messagesOf(await client.post(JSON.stringify(call)));
    expect(messages.map(({ method }) => method)).toEqual([
      "notifications/progress",
      "notifications/progress",
      "notifications/progress",
      undefined,
    ]);
    expect(messages[0]?.params?.progressToken).toBe("mine");
  });

  it("gets a message in 1 line, however the client wrote it", async () => {
    const client = await openAt(await startStdio());
    const text = JSON.stringify(JSON.parse(deedOf("count")), null, 2);
    expect(messagesOf(await client.post(text))[0]?.result?.content?.[0]?.text).toBe("1");
  });

  it("gives 20 calls at a time each its own answer", async () => {
    const client = await openAt(await startStdio());
    const ids = Array.from({ length: 20 }, (_, index) => index + 100);
    const answers = await Promise.all(ids.map((id) => client.post(deedOf("count", id))));
    const seen = answers.map((answer) => messagesOf(answer)[0]);
    expect(seen.map((message) => message?.id)).toEqual(ids);
    expect(new Set(seen.map((message) => message?.result?.content?.[0]?.text)).size).toBe(20);
  });

  it("stands behind a proxy, too", async () => {
    const client = await openAt(await startStdio({ role: "proxy" }));
    expect(await deed(client, "count")).toBe("1");
  });

  it("is shown in /status by its program, without its arguments", async () => {
    const gateway = await startStdio({ command: "node" });
    await eventually(async () => {
      const { backends } = await statusOf(gateway);
      expect(backends).toMatchObject([{ name: "local", state: "up", address: "stdio node" }]);
    });
  });
});

describe.skipIf(!hasRedis)("2 processes before servers over stdio", () => {
  let redis: RedisProcess;

  beforeAll(async () => {
    redis = await RedisProcess.server();
    return () => redis.stop();
  });

  it("count 1, 2, 3 in a session that goes to the other one with each call", async () => {
    const [first, second] = await startStdioPair({ redisPort: redis.port });
    const client = await openAt(first);
    const places = [client, client.at(second.url), client];
    const counts: string[] = [];
    for (const place of places) counts.push(await deed(place, "count"));
    expect(counts).toEqual(["1", "2", "3"]);
  });

  it("tell a session once that its program went with its process, and start another one", async () => {
    const [first, second] = await startStdioPair({
      redisPort: redis.port,
      limits: { podLossAfter: "200ms" },
    });
    const client = await openAt(first);
    expect(await deed(client, "count")).toBe("1");
    await first.close();
    const elsewhere = client.at(second.url);
    // Until the process has been away for as long as podLossAfter, it may come back with its programs.
    await eventually(async () =>
      expect(await deed(elsewhere, "count")).toContain("BACKEND_SESSION_LOST"),
    );
    expect(await deed(elsewhere, "count")).toBe("1");
  });
});
