import type { Server } from "@modelcontextprotocol/sdk/server/index.js";
import {
  CompleteRequestSchema,
  ErrorCode,
  GetPromptRequestSchema,
  type GetPromptResult,
  ListPromptsRequestSchema,
  McpError,
  type Prompt,
} from "@modelcontextprotocol/sdk/types.js";
import { redPixelPng } from "./media.ts";

interface ServedPrompt extends Prompt {
  get: (values: Record<string, string>) => GetPromptResult["messages"];
}

const prompts: ServedPrompt[] = [
  {
    name: "test_simple_prompt",
    description: "A prompt without arguments",
    get: () => [
      { role: "user", content: { type: "text", text: "This is a simple prompt for testing." } },
    ],
  },
  {
    name: "test_prompt_with_arguments",
    description: "A prompt that repeats its two arguments",
    arguments: [
      { name: "arg1", description: "First test argument", required: true },
      { name: "arg2", description: "Second test argument", required: true },
    ],
    get: ({ arg1, arg2 }) => [
      {
        role: "user",
        content: { type: "text", text: `Prompt with arguments: arg1='${arg1}', arg2='${arg2}'` },
      },
    ],
  },
  {
    name: "test_prompt_with_embedded_resource",
    description: "A prompt that embeds the resource it is given",
    arguments: [
      { name: "resourceUri", description: "URI of the resource to embed", required: true },
    ],
    get: ({ resourceUri = "" }) => [
      {
        role: "user",
        content: {
          type: "resource",
          resource: {
            uri: resourceUri,
            mimeType: "text/plain",
            text: "Embedded resource content for testing.",
          },
        },
      },
      {
        role: "user",
        content: { type: "text", text: "Please process the embedded resource above." },
      },
    ],
  },
  {
    name: "test_prompt_with_image",
    description: "A prompt with an image",
    get: () => [
      { role: "user", content: { type: "image", data: redPixelPng, mimeType: "image/png" } },
      { role: "user", content: { type: "text", text: "Please analyze the image above." } },
    ],
  },
];

const completions = ["test", "testing", "paris", "park", "party"];

/** Serves `prompts/*`, and `completion/complete` for their arguments. */
export function servePrompts(server: Server): void {
  server.setRequestHandler(ListPromptsRequestSchema, () => ({
    prompts: prompts.map(({ get, ...prompt }) => prompt),
  }));

  server.setRequestHandler(GetPromptRequestSchema, ({ params }) => {
    const prompt = prompts.find(({ name }) => name === params.name);
    if (!prompt) throw new McpError(ErrorCode.InvalidParams, `Unknown prompt: ${params.name}`);
    return { messages: prompt.get(params.arguments ?? {}) };
  });

  server.setRequestHandler(CompleteRequestSchema, ({ params }) => {
    const values = completions.filter((value) => value.startsWith(params.argument.value));
    return { completion: { values, total: values.length, hasMore: false } };
  });
}
