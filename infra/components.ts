import { McpServer } from "./mcp-server.ts";
import { RedisSentinel } from "./redis-sentinel.ts";
import { VirtualMcpServer } from "./virtual-mcp-server.ts";

/** The components that programs in other languages make, by their names. */
export const COMPONENTS = { VirtualMcpServer, McpServer, RedisSentinel };
