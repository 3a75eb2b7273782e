import type { Server } from "@modelcontextprotocol/sdk/server/index.js";
import {
  ListResourcesRequestSchema,
  ListResourceTemplatesRequestSchema,
  McpError,
  ReadResourceRequestSchema,
  type ReadResourceResult,
  SubscribeRequestSchema,
  UnsubscribeRequestSchema,
} from "@modelcontextprotocol/sdk/types.js";
import { redPixelPng } from "./media.ts";

/** The code that revisions up to 2025-11-25 give an unknown resource. */
const resourceNotFound = -32002;

const resources = [
  {
    uri: "test://static-text",
    name: "static-text",
    description: "A text that never changes",
    mimeType: "text/plain",
    content: { text: "This is the content of the static text resource." },
  },
  {
    uri: "test://static-binary",
    name: "static-binary",
    description: "An image that never changes",
    mimeType: "image/png",
    content: { blob: redPixelPng },
  },
  {
    uri: "test://watched-resource",
    name: "watched-resource",
    description: "A resource to subscribe to",
    mimeType: "text/plain",
    content: { text: "Watched resource content" },
  },
];

const template = {
  uriTemplate: "test://template/{id}/data",
  name: "template",
  description: "Data of the given id",
  mimeType: "application/json",
};

function read(uri: string): ReadResourceResult {
  const resource = resources.find((candidate) => candidate.uri === uri);
  if (resource) return { contents: [{ uri, mimeType: resource.mimeType, ...resource.content }] };

  const id = /^test:\/\/template\/([^/]+)\/data$/.exec(uri)?.[1];
  if (id === undefined) throw new McpError(resourceNotFound, "Resource not found", { uri });
  const text = JSON.stringify({ id, templateTest: true, data: `Data for ID: ${id}` });
  return { contents: [{ uri, mimeType: template.mimeType, text }] };
}

/** Serves `resources/*`. No resource ever changes: a subscription is accepted and stays quiet. */
export function serveResources(server: Server): void {
  server.setRequestHandler(ListResourcesRequestSchema, () => ({
    resources: resources.map(({ content, ...resource }) => resource),
  }));
  server.setRequestHandler(ListResourceTemplatesRequestSchema, () => ({
    resourceTemplates: [template],
  }));
  server.setRequestHandler(ReadResourceRequestSchema, ({ params }) => read(params.uri));
  server.setRequestHandler(SubscribeRequestSchema, ({ params }) => {
    read(params.uri);
    return {};
  });
  server.setRequestHandler(UnsubscribeRequestSchema, () => ({}));
}
