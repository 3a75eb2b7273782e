/** Where names of components begin and end: Pulumi refuses others. */
const MOST_CHARACTERS = 40;

/** Names of components that are valid and unlike each other, with what is left of the names that they come from. */
export class ComponentNames {
  readonly #taken = new Set<string>();

  /** @param namespace what tells it from another of the same name. */
  of(name: string, namespace: string): string {
    const plain = valid(name);
    const candidates = [plain, valid(`${plain}-${namespace}`)];
    for (let count = 2; ; count += 1) {
      const free = candidates.find((candidate) => !this.#taken.has(candidate));
      if (free !== undefined) {
        this.#taken.add(free);
        return free;
      }
      candidates.push(`${plain.slice(0, MOST_CHARACTERS - 6)}-${count}`);
    }
  }
}

function valid(name: string): string {
  const letters = name.toLowerCase().replaceAll(/[^a-z0-9-]+/g, "-");
  const started = /^[a-z]/.test(letters) ? letters : `mcp-${letters}`;
  return started.slice(0, MOST_CHARACTERS).replace(/-+$/, "");
}
