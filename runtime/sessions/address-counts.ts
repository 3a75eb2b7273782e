/** How many sessions each address has here. */
export class AddressCounts {
  readonly #counts = new Map<string, number>();
  #total = 0;

  /** @param address undefined: nobody's. */
  add(address: string | undefined): void {
    if (address === undefined) return;
    this.#counts.set(address, (this.#counts.get(address) ?? 0) + 1);
    this.#total += 1;
  }

  delete(address: string | undefined): void {
    const count = address === undefined ? undefined : this.#counts.get(address);
    if (address === undefined || count === undefined) return;
    if (count > 1) this.#counts.set(address, count - 1);
    else this.#counts.delete(address);
    this.#total -= 1;
  }

  clear(): void {
    this.#counts.clear();
    this.#total = 0;
  }

  /** Whether an address has at least `factor` times as many as addresses have on average. */
  exceedsMean(address: string, factor: number): boolean {
    const count = this.#counts.get(address);
    return count !== undefined && count >= (factor * this.#total) / this.#counts.size;
  }
}
