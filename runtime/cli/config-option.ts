import { Option } from "commander";

/** Where a command finds the configuration. */
export const configOption = () =>
  new Option("--config <file>", "the configuration, YAML; absent: MCP_FLEET_* variables say all");
