import { describe, expect, it } from "vitest";
import { openAt } from "../../testkit/processes/sse-fleet.ts";
import {
  deed,
  deedOf,
  isRunning,
  sessionFolders,
  startStdio,
} from "../../testkit/processes/stdio-gateway.ts";
import { eventually } from "../../testkit/vitest/eventually.ts";

describe("a program that is its worst", () => {
  it("exits in a call: that call may have run, and the next one says that the session is lost", async () => {
    const client = await openAt(await startStdio());
    expect(await deed(client, "count")).toBe("1");
    expect(await deed(client, "exit")).toMatch(/OUTCOME_UNKNOWN.*|BACKEND_SESSION_LOST/);
    await eventually(async () => expect(await deed(client, "count")).toBe("1"));
  });

  it("exits between two calls of a server without memory: nobody notices", async () => {
    const client = await openAt(await startStdio({ stateful: false }));
    const pid = await deed(client, "pid");
    process.kill(Number(pid), "SIGKILL");
    await eventually(() => expect(isRunning(pid)).toBe(false));
    expect(await deed(client, "count")).toBe("1");
  });

  it("exits at its start: the client gets its last words, and it is not started at each call", async () => {
    const gateway = await startStdio({ flags: ["--exit"] });
    const client = await openAt(gateway);
    const said = await Promise.all([1, 2, 3].map(() => deed(client, "count")));
    for (const one of said) expect(one).toMatch(/BACKEND_|Unknown tool/);
    await eventually(async () => {
      const status = await (await fetch(`${gateway.adminUrl}/status`)).text();
      expect(status).toContain("no configuration was found");
    });
  });

  it("is not there: the message names it", async () => {
    const gateway = await startStdio({ command: "/nowhere/program" });
    await eventually(async () => {
      const status = await (await fetch(`${gateway.adminUrl}/status`)).text();
      expect(status).toContain("the program /nowhere/program cannot be started");
    });
  });

  it("never answers: initialize ends within limits.initializeTimeout, and the program with it", async () => {
    const gateway = await startStdio({
      flags: ["--deaf"],
      limits: { initializeTimeout: "300ms" },
    });
    const client = await openAt(gateway);
    expect(await deed(client, "count")).toMatch(/BACKEND_TIMEOUT|BACKEND_UNREACHABLE|Unknown tool/);
  });

  it("is given an argument that no system takes: the message names it, and no folder stays", async () => {
    const folders = sessionFolders();
    const gateway = await startStdio({ flags: ["\0"] });
    expect(await deed(await openAt(gateway), "count")).toMatch(/BACKEND_UNREACHABLE|Unknown tool/);
    expect(sessionFolders()).toBe(folders);
  });

  it("reads nothing: a call of 1 MB ends within its callTimeout", async () => {
    const gateway = await startStdio({ callTimeout: "500ms" });
    const client = await openAt(gateway);
    await deed(client, "deafen");
    const large = JSON.parse(deedOf("count"));
    large.params.arguments.more = "x".repeat(2 ** 20);
    expect((await client.post(JSON.stringify(large))).text).toContain("BACKEND_TIMEOUT");
  });

  it("ignores SIGTERM: it is killed after process.stopGrace", async () => {
    const gateway = await startStdio({ flags: ["--stubborn"], process: { stopGrace: "100ms" } });
    const client = await openAt(gateway);
    const pid = await deed(client, "pid");
    await client.end();
    await eventually(() => expect(isRunning(pid)).toBe(false));
  });

  it("starts another program that leaves its group: both are ended", async () => {
    const client = await openAt(await startStdio());
    const pid = await deed(client, "fork");
    expect(isRunning(pid)).toBe(true);
    await client.end();
    await eventually(() => expect(isRunning(pid)).toBe(false));
  });

  it.each([
    ["1,000 lines that are no JSON, and NULs", "noise", "after the noise"],
    ["2 MB of errors", "errors", "after the errors"],
  ])("writes %s: its answer comes all the same", async (_, what, text) => {
    const client = await openAt(await startStdio());
    expect(await deed(client, what)).toBe(text);
  });

  it("writes a line in halves: it is one message", async () => {
    const client = await openAt(await startStdio());
    expect((await client.post(deedOf("halves"))).text).toContain('"content":[]');
  });

  it("writes a line of 100 MB: its session ends, other sessions go on", async () => {
    const gateway = await startStdio();
    const [client, other] = [await openAt(gateway), await openAt(gateway)];
    expect(await deed(other, "count")).toBe("1");
    expect(await deed(client, "long")).toContain("OUTCOME_UNKNOWN");
    expect(await deed(other, "count")).toBe("2");
  });

  it("takes 200 MB where 100 are allowed: it is ended", async () => {
    const client = await openAt(await startStdio({ process: { memory: "100Mi" } }));
    const pid = await deed(client, "pid");
    await deed(client, "grow");
    await eventually(() => expect(isRunning(pid)).toBe(false));
  });

  it("is unused for longer than process.idleTimeout: it is ended", async () => {
    const client = await openAt(await startStdio({ process: { idleTimeout: "300ms" } }));
    const pid = await deed(client, "pid");
    await eventually(() => expect(isRunning(pid)).toBe(false));
  });

  it("is one more than process.max: its session is refused, and gets one once another has ended", async () => {
    // One is the gateway's own.
    const gateway = await startStdio({ process: { max: 2 } });
    const [first, second] = [await openAt(gateway), await openAt(gateway)];
    expect(await deed(first, "count")).toBe("1");
    expect(await deed(second, "count")).toContain("process.max 2");
    await first.end();
    await eventually(async () => expect(await deed(second, "count")).toBe("1"));
  });

  it("3 waves of 8 sessions, of which half are abandoned in a call, leave nothing behind", async () => {
    const folders = sessionFolders();
    const gateway = await startStdio({ process: { max: 40 } });
    for (let wave = 0; wave < 3; wave += 1) {
      const clients = await Promise.all(Array.from({ length: 8 }, () => openAt(gateway)));
      const pids = await Promise.all(clients.map((client) => deed(client, "pid")));
      await Promise.all(
        clients.map(async (client, index) => {
          if (index % 2 === 0) {
            const stream = client.stream(deedOf("hang"));
            void stream.catch(() => {});
          }
          await client.end();
        }),
      );
      await eventually(() => expect(pids.filter(isRunning)).toEqual([]));
    }
    await gateway.close();
    await eventually(() => expect(sessionFolders()).toBe(folders));
  });
});
