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
  /** Kept from clients, and so is what it makes. */
  readonly isHidden: boolean;
}

/** The templates of all providers, and which of them a URI is made from. */
export class TemplateIndex {
  /** The most literal first. */
  readonly #entries: readonly Entry[];

  constructor(
    templates: Iterable<{
      readonly name: string;
      readonly provider: string;
      readonly isHidden?: boolean;
    }>,
  ) {
    this.#entries = [...templates]
      .map(({ name, provider, isHidden = false }) => ({
        template: new UriTemplate(name),
        provider,
        text: name,
        isHidden,
      }))
      .sort((a, b) => b.template.literalLength - a.template.literalLength);
  }

  /**
   * The most literal template that makes a URI and whose provider `isMeant` takes. Where a provider's most literal one is
   * hidden, its others do not count. Clients choose the URI and servers the templates: after so much work, none is found.
   */
  find(
    uri: string,
    work = matchingWork(),
    isMeant: (provider: string) => boolean = () => true,
  ): Entry | undefined {
    const barred = new Set<string>();
    for (const entry of this.#entries) {
      const { template, provider, isHidden } = entry;
      if (barred.has(provider) || !isMeant(provider) || !template.mayMatch(uri)) continue;
      work.steps -= template.cost * uri.length;
      if (work.steps < 0) return undefined;
      if (!template.matches(uri)) continue;
      if (!isHidden) return entry;
      barred.add(provider);
    }
    return undefined;
  }
}
