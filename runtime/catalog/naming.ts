import { createHash } from "node:crypto";

/** What the strictest of the common model APIs takes as a tool's name. */
export const MAX_NAME_LENGTH = 64;

const ILLEGAL = /[^A-Za-z0-9_-]/g;
const DIGEST_LENGTH = 8;

/** How a backend's tools and prompts are called at the gateway. */
export class Naming {
  readonly #prefixFormat: string;

  /** `prefixFormat` holds `{workload}`, the backend's name; `""` leaves names as they are. */
  constructor(prefixFormat: string) {
    this.#prefixFormat = prefixFormat;
  }

  /** Legal whatever the backend calls it; a name that is too long keeps its start and gets a digest of the whole. */
  expose(backend: string, name: string): string {
    if (this.#prefixFormat === "") return name;
    const whole = this.prefix(backend) + name.replace(ILLEGAL, "_");
    if (whole.length <= MAX_NAME_LENGTH) return whole;
    const digest = createHash("sha256").update(`${backend}\n${name}`).digest("hex");
    const start = whole.slice(0, MAX_NAME_LENGTH - DIGEST_LENGTH - 1);
    return `${start}_${digest.slice(0, DIGEST_LENGTH)}`;
  }

  prefix(backend: string): string {
    return this.#prefixFormat.replaceAll("{workload}", backend).replace(ILLEGAL, "_");
  }
}
