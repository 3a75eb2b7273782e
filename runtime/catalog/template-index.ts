import { UriTemplate } from "./uri-template.ts";

/** How many characters are gone through at most to find the template of a URI, or of many: some 20 ms on one core. */
const MAX_STEPS = 2_000_000;

/** Work that is left, in characters. */
export interface Work {
  steps: number;
}

export const matchingWork = (): Work => ({ steps: MAX_STEPS });

/** A template, and whose it is. */
interface Entry {
  readonly template: UriTemplate;
  readonly provider: string;
  readonly text: string;
}

/** The templates of all providers, and which of them a URI is made from. */
export class TemplateIndex {
  /** The most literal first. */
  readonly #entries: readonly Entry[];

  constructor(templates: Iterable<{ readonly name: string; readonly provider: string }>) {
    this.#entries = [...templates]
      .map(({ name, provider }) => ({ template: new UriTemplate(name), provider, text: name }))
      .sort((a, b) => b.template.literalLength - a.template.literalLength);
  }

  /**
   * The most literal template that makes a URI and that `isMeant` takes. Clients choose the URI and servers the
   * templates: after so much work, none is found.
   */
  find(
    uri: string,
    work = matchingWork(),
    isMeant: (provider: string) => boolean = () => true,
  ): Entry | undefined {
    for (const entry of this.#entries) {
      const { template, provider } = entry;
      if (!isMeant(provider) || !template.mayMatch(uri)) continue;
      work.steps -= template.cost * uri.length;
      if (work.steps < 0) return undefined;
      if (template.matches(uri)) return entry;
    }
    return undefined;
  }
}
