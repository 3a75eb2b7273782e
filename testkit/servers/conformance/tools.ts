import { setTimeout as delay } from "node:timers/promises";
import type { Server } from "@modelcontextprotocol/sdk/server/index.js";
import type { RequestHandlerExtra } from "@modelcontextprotocol/sdk/shared/protocol.js";
import {
  CallToolRequestSchema,
  type ContentBlock,
  CreateMessageResultSchema,
  type ElicitRequestFormParams,
  ElicitResultSchema,
  ErrorCode,
  ListToolsRequestSchema,
  McpError,
  type ServerNotification,
  type ServerRequest,
  type Tool,
} from "@modelcontextprotocol/sdk/types.js";
import { defaultsForm, enumsForm, userForm } from "./forms.ts";
import { redPixelPng, silentWav } from "./media.ts";
import jsonSchema from "./schema.json" with { type: "json" };

type Call = RequestHandlerExtra<ServerRequest, ServerNotification>;

interface ServedTool {
  description: string;
  inputSchema?: Tool["inputSchema"];
  call: (values: Record<string, unknown>, call: Call) => ContentBlock[] | Promise<ContentBlock[]>;
}

/** The pause between two notifications of one call, as the suite's descriptions ask. */
const pauseMs = 50;

const text = (value: string): ContentBlock => ({ type: "text", text: value });
const image: ContentBlock = { type: "image", data: redPixelPng, mimeType: "image/png" };

async function log(call: Call, data: string): Promise<void> {
  await call.sendNotification({
    method: "notifications/message",
    params: { level: "info", logger: "conformance", data },
  });
}

async function progress(call: Call, progress: number): Promise<void> {
  const progressToken = call._meta?.progressToken;
  if (progressToken === undefined) return;
  await call.sendNotification({
    method: "notifications/progress",
    params: { progressToken, progress, total: 100 },
  });
}

async function elicit(call: Call, params: ElicitRequestFormParams): Promise<string> {
  const answer = await call.sendRequest(
    { method: "elicitation/create", params },
    ElicitResultSchema,
  );
  return `action=${answer.action}, content=${JSON.stringify(answer.content ?? {})}`;
}

const requiredString = (name: string, description: string): Tool["inputSchema"] => ({
  type: "object",
  properties: { [name]: { type: "string", description } },
  required: [name],
});

const tools: Record<string, ServedTool> = {
  test_simple_text: {
    description: "Returns a text",
    call: () => [text("This is a simple text response for testing.")],
  },
  test_image_content: { description: "Returns an image", call: () => [image] },
  test_audio_content: {
    description: "Returns an audio clip",
    call: () => [{ type: "audio", data: silentWav, mimeType: "audio/wav" }],
  },
  test_embedded_resource: {
    description: "Returns an embedded resource",
    call: () => [
      {
        type: "resource",
        resource: {
          uri: "test://embedded-resource",
          mimeType: "text/plain",
          text: "This is an embedded resource content.",
        },
      },
    ],
  },
  test_multiple_content_types: {
    description: "Returns a text, an image and a resource",
    call: () => [
      text("Multiple content types test:"),
      image,
      {
        type: "resource",
        resource: {
          uri: "test://mixed-content-resource",
          mimeType: "application/json",
          text: JSON.stringify({ test: "data", value: 123 }),
        },
      },
    ],
  },
  test_tool_with_logging: {
    description: "Logs three messages while it runs",
    call: async (_, call) => {
      await log(call, "Tool execution started");
      await delay(pauseMs);
      await log(call, "Tool processing data");
      await delay(pauseMs);
      await log(call, "Tool execution completed");
      return [text("Tool with logging executed successfully")];
    },
  },
  test_tool_with_progress: {
    description: "Reports progress three times while it runs",
    call: async (_, call) => {
      await progress(call, 0);
      await delay(pauseMs);
      await progress(call, 50);
      await delay(pauseMs);
      await progress(call, 100);
      return [text("Tool with progress executed successfully")];
    },
  },
  test_error_handling: {
    description: "Always fails",
    call: () => {
      throw new Error("This tool intentionally returns an error for testing");
    },
  },
  test_reconnection: {
    description: "Closes its stream before it answers, so that the client has to come back for it",
    call: async (_, call) => {
      call.closeSSEStream?.();
      await delay(pauseMs);
      return [text("Reconnection test completed")];
    },
  },
  test_sampling: {
    description: "Asks the client's model",
    inputSchema: requiredString("prompt", "The prompt to send to the model"),
    call: async ({ prompt }, call) => {
      const answer = await call.sendRequest(
        {
          method: "sampling/createMessage",
          params: {
            messages: [{ role: "user", content: { type: "text", text: String(prompt) } }],
            maxTokens: 100,
          },
        },
        CreateMessageResultSchema,
      );
      const { content } = answer;
      return [text(`LLM response: ${content.type === "text" ? content.text : content.type}`)];
    },
  },
  test_elicitation: {
    description: "Asks the user for a name and an address",
    inputSchema: requiredString("message", "The message to show the user"),
    call: async ({ message }, call) => [
      text(`User response: ${await elicit(call, userForm(String(message)))}`),
    ],
  },
  test_elicitation_sep1034_defaults: {
    description: "Asks the user with a form that has a default for each primitive type",
    call: async (_, call) => [text(`Elicitation completed: ${await elicit(call, defaultsForm)}`)],
  },
  test_elicitation_sep1330_enums: {
    description: "Asks the user with a form that has each kind of enum",
    call: async (_, call) => [text(`Elicitation completed: ${await elicit(call, enumsForm)}`)],
  },
  json_schema_2020_12_tool: {
    description: "Tool with JSON Schema 2020-12 features",
    inputSchema: { ...jsonSchema, type: "object" },
    call: (values) => [text(`JSON Schema 2020-12 tool called with: ${JSON.stringify(values)}`)],
  },
};

/** Serves `tools/*`. What a tool throws becomes a result with `isError`, as the specification asks. */
export function serveTools(server: Server): void {
  server.setRequestHandler(ListToolsRequestSchema, () => ({
    tools: Object.entries(tools).map(([name, { call, ...tool }]) => ({
      name,
      inputSchema: { type: "object" as const, properties: {} },
      ...tool,
    })),
  }));

  server.setRequestHandler(CallToolRequestSchema, async ({ params }, call) => {
    const tool = tools[params.name];
    if (!tool) throw new McpError(ErrorCode.InvalidParams, `Unknown tool: ${params.name}`);
    try {
      return { content: await tool.call(params.arguments ?? {}, call) };
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      return { isError: true, content: [text(message)] };
    }
  });
}
