import { type Fault, FaultsError } from "@mcp-fleet/contract";

/** What an import cannot carry over without opening what was closed, by the names that users accept it by. */
export const GATES = ["incomingAuth", "authz", "tools", "webhooks"] as const;

export type Gate = (typeof GATES)[number];

/** Resources that cannot be imported: broken files, or what would be open afterwards. Nothing is written. */
export class ImportError extends FaultsError {
  override readonly name = "ImportError";

  constructor(faults: readonly Fault[]) {
    const count = faults.length === 1 ? "1 fault" : `${faults.length} faults`;
    super(`The import has ${count}. Nothing was written.`, faults);
  }

  override map(change: (fault: Fault) => Fault): ImportError {
    return new ImportError(this.faults.map(change));
  }
}
