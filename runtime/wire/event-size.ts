/** How much a parser of events holds: the lines of the event that has not ended yet. Comments are not kept. */
export class EventSize {
  #lines = 0;
  #line = 0;
  #isComment = false;
  #endedInReturn = false;

  /** Takes what arrives. Returns how many characters are held from then on. */
  add(text: string): number {
    const breaks = /\r\n?|\n/g;
    let from = this.#endedInReturn && text.startsWith("\n") ? 1 : 0;
    breaks.lastIndex = from;
    for (let found = breaks.exec(text); found !== null; found = breaks.exec(text)) {
      this.#goOn(text, from, found.index);
      this.#lines = this.#line === 0 ? 0 : this.#lines + (this.#isComment ? 0 : this.#line);
      this.#line = 0;
      from = breaks.lastIndex;
    }
    this.#goOn(text, from, text.length);
    if (text !== "") this.#endedInReturn = text.endsWith("\r");
    return this.#lines + this.#line;
  }

  #goOn(text: string, from: number, to: number): void {
    if (this.#line === 0) this.#isComment = text[from] === ":";
    this.#line += to - from;
  }
}
