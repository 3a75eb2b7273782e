import { ScriptedBackend } from "../testkit/servers/scripted-backend.ts";
import { LISTED_TOOLS } from "./lists.ts";

/** An MCP server with as many tools as one page holds, of some 700 bytes each, as those of published servers are. */
const text = {
  type: "string",
  description: "What to look for, in the words of the user. Several words are all looked for.",
};
const limit = {
  type: "integer",
  minimum: 1,
  maximum: 100,
  default: 10,
  description: "How many matches are returned at most, the best ones first.",
};
const language = { type: "string", enum: ["de", "en", "fr"], description: "Of the documents." };
const backend = await ScriptedBackend.start({ keepRequests: false });
backend.tools = Array.from({ length: LISTED_TOOLS }, (_, index) => ({
  name: `tool_${index}`,
  title: `Tool ${index}`,
  description: `Finds what the user asks for in collection ${index}, and returns the best matches first. Use it when the user asks for documents by their content rather than by their name.`,
  inputSchema: {
    type: "object",
    properties: { text, limit, language },
    required: ["text"],
  },
  annotations: { readOnlyHint: true, openWorldHint: false },
}));
process.stdout.write(`${backend.url}\n`);
process.once("SIGINT", () => backend.stop());
