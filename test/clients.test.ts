import { McpServer } from "@modelcontextprotocol/sdk/server/mcp.js";
import { beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { inspect } from "../testkit/clients/inspector-cli.ts";
import {
  type ConnectOptions,
  connectMcpRemote,
  connectV1,
  connectV2,
  type SdkClient,
} from "../testkit/clients/sdk-clients.ts";
import { freePort } from "../testkit/processes/free-ports.ts";
import { type RunningRole, startGateway } from "../testkit/processes/gateway.ts";
import { type McpServers, startMcpServers } from "../testkit/servers/mcp-servers.ts";
import { SdkServer } from "../testkit/servers/sdk-server.ts";
import { eventually } from "../testkit/vitest/eventually.ts";

describe("three published servers behind one gateway", () => {
  let servers: McpServers;
  let gateway: RunningRole;

  beforeAll(async () => {
    servers = await startMcpServers();
    gateway = await startGateway({
      name: "clients",
      backends: [
        // It asks for roots and logs between calls: the client has to hear of that, too.
        { name: "everything", url: servers.everything, notifications: "session" },
        { name: "filesystem", url: servers.filesystem },
        { name: "memory", url: servers.memory },
      ],
    });
    return async () => {
      await gateway.close();
      await servers.close();
    };
  });

  const sdks: [string, (url: string, options?: ConnectOptions) => Promise<SdkClient>][] = [
    ["SDK 1", connectV1],
    ["SDK 2 (legacy)", (url, options) => connectV2(url, "legacy", options)],
    ["SDK 2 (auto)", (url, options) => connectV2(url, "auto", options)],
  ];

  describe.each(sdks)("%s", (_, connect) => {
    async function open(): Promise<SdkClient> {
      const session = await connect(gateway.url);
      onTestFinished(() => session.end());
      return session;
    }

    /** A session whose stream at server-everything is open: the server asks for roots on it, unasked. */
    async function openListening(): Promise<SdkClient> {
      const session = await open();
      await session.call("everything_echo", { message: "open the backend's session" });
      await eventually(() => expect(session.asked).toContain("roots/list"));
      return session;
    }

    it("lists the tools of 3 servers under 3 prefixes, as many as without a gateway", async () => {
      const list = (url: string) => toolsOf(connect(url));

      expect(await list(gateway.url)).toEqual(await prefixed(servers, list));
    });

    it("calls 1 tool of each of 3 servers", async () => {
      const session = await open();

      expect(await session.call("everything_get-sum", { a: 20, b: 22 })).toContain("42");
      const path = `${servers.folder}/hello.txt`;
      expect(await session.call("filesystem_read_text_file", { path })).toContain("Hello from");
      expect(await session.call("memory_read_graph")).toContain('"entities"');
    });

    it("lists 4 prompts and gets 2 of them, 1 with arguments", async () => {
      const { client } = await open();

      const { prompts } = await client.listPrompts();
      const simple = await client.getPrompt({ name: "everything_simple-prompt" });
      const filled = await client.getPrompt({
        name: "everything_args-prompt",
        arguments: { city: "Delft" },
      });

      expect(prompts.map(({ name }) => name)).toEqual([
        "everything_simple-prompt",
        "everything_args-prompt",
        "everything_completable-prompt",
        "everything_resource-prompt",
      ]);
      expect(JSON.stringify(simple.messages)).toContain("a simple prompt without arguments");
      expect(JSON.stringify(filled.messages)).toContain("weather in Delft?");
    });

    it("lists the resources of 2 servers and 2 templates, and reads 1 of each", async () => {
      const { client } = await open();
      const document = "demo://resource/static/document/features.md";
      const graph = "memory://knowledge-graph";

      const { resources } = await client.listResources();
      const { resourceTemplates } = await client.listResourceTemplates();
      const read = async (uri: string) => JSON.stringify(await client.readResource({ uri }));

      const uris = resources.map(({ uri }) => uri);
      expect(uris).toEqual(expect.arrayContaining([document, graph]));
      expect(resourceTemplates.map(({ uriTemplate }) => uriTemplate)).toEqual([
        "demo://resource/dynamic/text/{resourceId}",
        "demo://resource/dynamic/blob/{resourceId}",
      ]);
      expect(await read(document)).toContain("Features");
      expect(await read(graph)).toContain("entities");
      expect(await read("demo://resource/dynamic/text/7")).toContain("Resource 7");
    });

    it("completes 3 arguments: of a prompt, of a prompt with a context, of a template", async () => {
      const { client } = await open();
      const team = { type: "ref/prompt" as const, name: "everything_completable-prompt" };
      const template = {
        type: "ref/resource" as const,
        uri: "demo://resource/dynamic/text/{resourceId}",
      };

      const department = await client.complete({
        ref: team,
        argument: { name: "department", value: "S" },
      });
      const member = await client.complete({
        ref: team,
        argument: { name: "name", value: "E" },
        context: { arguments: { department: "Sales" } },
      });
      const id = await client.complete({
        ref: template,
        argument: { name: "resourceId", value: "12" },
      });

      expect(department.completion.values).toEqual(["Sales", "Support"]);
      expect(member.completion.values).toEqual(["Eve"]);
      expect(id.completion.values).toEqual(["12"]);
    });

    it("hears of the update of the 1 resource that it subscribed to", async () => {
      const session = await open();
      const uri = "demo://resource/dynamic/text/1";

      await session.client.subscribeResource({ uri });
      await session.call("everything_toggle-subscriber-updates");

      const updated = { method: "notifications/resources/updated", params: { uri } };
      const news = expect.objectContaining(updated);
      await eventually(() => expect(session.heard).toContainEqual(news));
    });

    it("hears 0 log messages below its level and 1 at its level", async () => {
      const session = await openListening();
      const { client } = session;
      const logged = () =>
        session.heard
          .filter(({ method }) => method === "notifications/message")
          .flatMap(({ params }) => /for URI: (\S+)/.exec(JSON.stringify(params))?.[1] ?? []);

      // The server logs each subscription with the level info.
      await client.setLoggingLevel("error");
      await client.subscribeResource({ uri: "demo://resource/dynamic/text/1" });
      await client.setLoggingLevel("info");
      await client.subscribeResource({ uri: "demo://resource/dynamic/text/2" });

      await eventually(() => expect(logged()).not.toEqual([]));
      expect(logged()).toEqual(["demo://resource/dynamic/text/2"]);
    });

    it("hears 3 steps of progress before the answer", async () => {
      const session = await open();
      const heard: unknown[] = [];

      const answer = await session.call(
        "everything_trigger-long-running-operation",
        { duration: 0.15, steps: 3 },
        { onprogress: (progress) => heard.push(progress) },
      );

      expect(heard).toEqual([1, 2, 3].map((progress) => ({ progress, total: 3 })));
      expect(answer).toContain("Steps: 3");
    });

    it("answers 3 requests of a server: sampling, elicitation and roots", async () => {
      const session = await openListening();

      const sampled = await session.call("everything_trigger-sampling-request", { prompt: "?" });
      const elicited = await session.call("everything_trigger-elicitation-request");
      const rooted = await session.call("everything_get-roots-list");

      expect(sampled).toContain("the model's answer");
      expect(elicited).toContain("- Name: Ada");
      expect(rooted).toContain("file:///workspace");
      const methods = ["elicitation/create", "roots/list", "sampling/createMessage"];
      expect([...new Set(session.asked)].sort()).toEqual(methods);
    });

    it("cancels a call of 300 steps after the first, and 0 calls stay in flight", async () => {
      const session = await open();
      const cancel = new AbortController();

      const call = session.call(
        "everything_trigger-long-running-operation",
        { duration: 30, steps: 300 },
        { signal: cancel.signal, onprogress: () => cancel.abort(new Error("enough")) },
      );

      await expect(call).rejects.toThrow("enough");
      await eventually(async () => expect(await callsInFlight(gateway)).toBe(0));
      expect(await session.call("everything_echo", { message: "still here" })).toContain("still");
    });

    it("pings, and leaves 0 sessions after its DELETE", async () => {
      const session = await connect(gateway.url);
      const { client, sessionId } = session;

      expect(await client.ping()).toEqual({});
      expect(await status(gateway)).toMatchObject({ sessions: { stored: 1 } });
      await session.end();

      expect(await status(gateway)).toMatchObject({ sessions: { stored: 0 } });
      const late = await fetch(gateway.url, {
        method: "DELETE",
        headers: { "mcp-session-id": sessionId },
      });
      expect(late.status).toBe(404);
    });
  });

  it("is taken for a legacy server by the 1 probe that SDK 2 (auto) sends before the handshake", async () => {
    const exchanges: [method: unknown, version: string | null, status: number][] = [];
    const { client, end } = await connectV2(gateway.url, "auto", {
      fetch: async (input, init) => {
        const response = await fetch(input, init);
        if (typeof init?.body === "string") {
          const version = new Headers(init.headers).get("mcp-protocol-version");
          exchanges.push([JSON.parse(init.body).method, version, response.status]);
        }
        return response;
      },
    });
    onTestFinished(end);

    expect(exchanges.slice(0, 2)).toEqual([
      ["server/discover", "2026-07-28", 400],
      ["initialize", null, 200],
    ]);
    expect(client.getServerVersion()).toMatchObject({ name: "clients" });
  });

  it("lets the Inspector list the tools of 3 servers and call 1 of each", async () => {
    const list = async (url: string) => {
      const { tools } = await inspect(url, "--method", "tools/list");
      return (tools as { name: string }[]).map(({ name }) => name);
    };
    const call = (name: string, ...args: string[]) =>
      inspect(gateway.url, "--method", "tools/call", "--tool-name", name, ...args);

    const [listed, direct, sum, file, graph] = await Promise.all([
      list(gateway.url),
      prefixed(servers, list),
      call("everything_get-sum", "--tool-arg", "a=20", "--tool-arg", "b=22"),
      call("filesystem_read_text_file", "--tool-arg", `path=${servers.folder}/hello.txt`),
      call("memory_read_graph"),
    ]);

    expect(listed).toEqual(direct);
    expect(JSON.stringify(sum)).toContain("42");
    expect(JSON.stringify(file)).toContain("Hello from");
    expect(JSON.stringify(graph)).toContain("entities");
  });

  it("lets a client behind mcp-remote list the tools of 3 servers and call 1 of each", async () => {
    const list = (url: string) => toolsOf(connectMcpRemote(url));
    const { call, end } = await connectMcpRemote(gateway.url);
    onTestFinished(end);

    expect(await list(gateway.url)).toEqual(await prefixed(servers, list));
    expect(await call("everything_get-sum", { a: 20, b: 22 })).toContain("42");
    const path = `${servers.folder}/hello.txt`;
    expect(await call("filesystem_read_text_file", { path })).toContain("Hello from");
    expect(await call("memory_read_graph")).toContain('"entities"');
  });
});

describe("a client that listens", () => {
  it("hears of the 2 lists that a backend missing at the start brings along, once each", async () => {
    const port = await freePort();
    const present = await startGreeting("present");
    const gateway = await startOver({ present: present.url, late: `http://127.0.0.1:${port}/mcp` });
    const session = await openListening(gateway);
    const before = await session.client.listTools();
    expect(before.tools.map(({ name }) => name)).toEqual(["present_greet"]);
    expect(before._meta).toEqual({ "mcp-fleet/missingBackends": ["late"] });
    expect(await statesOf(gateway)).toEqual({ present: "up", late: "down" });

    await startGreeting("late", port);

    await eventually(() => expect(changesOf(session)).toEqual(["tools", "prompts"]));
    const after = await session.client.listTools();
    expect(after.tools.map(({ name }) => name)).toEqual(["present_greet", "late_greet"]);
    expect(after._meta).toBeUndefined();
    expect(await session.call("late_greet")).toBe("late says hello");
    await eventually(async () => {
      expect(await statesOf(gateway)).toEqual({ present: "up", late: "up" });
    });
    await expectNextChange(session, present, ["tools", "prompts"]);
  });

  it("hears of the 2 lists that a backend takes away when it dies, once each", async () => {
    const staying = await startGreeting("staying");
    const dying = await startGreeting("dying");
    const gateway = await startOver({ staying: staying.url, dying: dying.url });
    const session = await openListening(gateway);

    await dying.close();

    await eventually(() => expect(changesOf(session)).toEqual(["tools", "prompts"]));
    const { tools, _meta } = await session.client.listTools();
    expect(tools.map(({ name }) => name)).toEqual(["staying_greet"]);
    expect(_meta).toEqual({ "mcp-fleet/missingBackends": ["dying"] });
    await eventually(async () => {
      expect(await statesOf(gateway)).toEqual({ staying: "up", dying: "down" });
    });
    await expectNextChange(session, staying, ["tools", "prompts"]);
  });

  it("hears 1 list_changed of a tool that comes and 1 of the same tool that goes", async () => {
    const backend = await startGreeting("only");
    const session = await openListening(await startOver({ only: backend.url }));

    const added = backend.servers.map((server) => addTool(server, "wave"));
    await eventually(() => expect(changesOf(session)).toEqual(["tools"]));
    expect((await session.client.listTools()).tools).toHaveLength(2);
    for (const tool of added) tool.remove();
    await eventually(() => expect(changesOf(session)).toEqual(["tools", "tools"]));

    expect((await session.client.listTools()).tools).toHaveLength(1);
    await expectNextChange(session, backend, ["tools", "tools"]);
  });

  it("hears 0 list_changed of a list that is announced 3 times and stays the same", async () => {
    const backend = await startGreeting("only");
    const session = await openListening(await startOver({ only: backend.url }));

    for (const server of backend.servers) {
      for (let time = 0; time < 3; time += 1) server.sendToolListChanged();
    }

    await expectNextChange(session, backend, []);
  });

  it("hears 0 list_changed of opening its stream, be it before or after it asked for a list", async () => {
    const backend = await startGreeting("only");
    const gateway = await startOver({ only: backend.url });
    const early = await openListening(gateway);
    const listed = Promise.withResolvers<void>();
    const late = await connectV1(gateway.url, {
      fetch: async (input, init) => {
        if (init?.method === "GET") await listed.promise;
        return await fetch(input, init);
      },
    });
    onTestFinished(() => late.end());
    await late.client.listTools();
    listed.resolve();
    await expectStreams(gateway, 2);

    await expectNextChange(early, backend, []);
    await eventually(() => expect(changesOf(late)).toEqual(["prompts"]));
  });
});

/** The tools that a client sees, which then ends. */
async function toolsOf(connecting: Promise<Pick<SdkClient, "client" | "end">>): Promise<string[]> {
  const { client, end } = await connecting;
  const { tools } = await client.listTools();
  await end();
  return tools.map(({ name }) => name);
}

/**
 * The tools that a client sees without a gateway, under the names of the gateway. Only server-everything
 * offers other tools to other clients, so only there it has to be the same client.
 */
async function prefixed(
  { everything, filesystem, memory }: McpServers,
  list: (url: string) => Promise<string[]>,
): Promise<string[]> {
  const lists = await Promise.all([
    list(everything),
    toolsOf(connectV1(filesystem)),
    toolsOf(connectV1(memory)),
  ]);
  const names = ["everything", "filesystem", "memory"];
  return lists.flatMap((tools, place) => tools.map((tool) => `${names[place]}_${tool}`));
}

interface Status {
  readonly sessions: { readonly stored: number; readonly streams: number };
  readonly backends: readonly { readonly name: string; readonly state: string }[];
}

async function status({ adminUrl }: RunningRole): Promise<Status> {
  const response = await fetch(`${adminUrl}/status`);
  return (await response.json()) as Status;
}

async function callsInFlight({ adminUrl }: RunningRole): Promise<number> {
  const metrics = await (await fetch(`${adminUrl}/metrics`)).text();
  return Number(/^\w*calls_in_flight (\d+)$/m.exec(metrics)?.[1]);
}

/**
 * A gateway that notices within seconds that a backend comes or goes. Its check interval is also how long
 * it waits for a backend's first answer: shorter, a busy machine would make a backend look late.
 */
async function startOver(backends: Record<string, string>): Promise<RunningRole> {
  const gateway = await startGateway({
    name: "listening",
    backends: Object.entries(backends).map(([name, url]) => ({ name, url })),
    operational: { failureHandling: { healthCheckInterval: "3s", unhealthyThreshold: 1 } },
  });
  onTestFinished(() => gateway.close());
  return gateway;
}

/** A backend with one tool and one prompt. */
async function startGreeting(name: string, port = 0): Promise<SdkServer> {
  const build = () => {
    const server = new McpServer({ name, version: "1.0.0" });
    addTool(server, "greet", `${name} says hello`);
    addPrompt(server, "welcome");
    return server;
  };
  const backend = await SdkServer.start({ build, port });
  onTestFinished(() => backend.close());
  return backend;
}

function addTool(server: McpServer, name: string, text = ""): { remove(): void } {
  return server.registerTool(name, {}, () => ({ content: [{ type: "text", text }] }));
}

function addPrompt(server: McpServer, name: string): void {
  server.registerPrompt(name, {}, () => ({ messages: [] }));
}

/** The first session of a gateway: it asked for the tools, and the gateway holds its GET stream. */
async function openListening(gateway: RunningRole): Promise<SdkClient> {
  const session = await connectV1(gateway.url);
  onTestFinished(() => session.end());
  await expectStreams(gateway, 1);
  await session.client.listTools();
  return session;
}

async function expectStreams(gateway: RunningRole, count: number): Promise<void> {
  await eventually(async () => {
    expect((await status(gateway)).sessions.streams).toBe(count);
  });
}

/** The lists that a client heard to be changed, in order. */
function changesOf({ heard }: SdkClient): string[] {
  return heard.flatMap(
    ({ method }) => /^notifications\/(\w+)\/list_changed$/.exec(method)?.[1] ?? [],
  );
}

/** Has the backend change its prompts: all that the client heard until it hears of that is `heard`. */
async function expectNextChange(
  session: SdkClient,
  backend: SdkServer,
  heard: string[],
): Promise<void> {
  for (const server of backend.servers) addPrompt(server, "farewell");
  const prompts = (lists: string[]) => lists.filter((list) => list === "prompts").length;
  await eventually(() => {
    expect(prompts(changesOf(session))).toBeGreaterThan(prompts(heard));
  });
  expect(changesOf(session)).toEqual([...heard, "prompts"]);
}

async function statesOf(gateway: RunningRole): Promise<Record<string, string>> {
  const { backends } = await status(gateway);
  return Object.fromEntries(backends.map(({ name, state }) => [name, state]));
}
