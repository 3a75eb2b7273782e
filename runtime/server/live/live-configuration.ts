import { createHash } from "node:crypto";
import {
  ConfigError,
  type Fault,
  FaultsError,
  printFault,
  type Section,
  withoutNulls,
} from "@mcp-fleet/contract";
import {
  type BackendSettings,
  changesOf,
  type LiveSection,
  liveText,
  type Settings,
  validate,
  withLiveSections,
} from "@mcp-fleet/contract/settings";
import type { Logger } from "pino";
import type { ConfigurationStatus } from "../../admin/configuration-status.ts";
import { Turns } from "../../async/turns.ts";
import type { TurnStore } from "../../fleet/turn-store.ts";
import { clock } from "../../platform/clock.ts";
import { WatchedFile } from "../../platform/watched-file.ts";
import type { Events } from "../../sessions/events.ts";
import type { Metrics } from "../../telemetry/metrics.ts";
import { readConfiguration, type StartedFrom } from "../configuration.ts";
import { BackendFolder, type Judgement } from "./backend-folder.ts";
import { Certificates } from "./certificates.ts";
import { Rollout } from "./rollout.ts";

/** So many faults are shown; a file may have any number of them. */
const SHOWN_FAULTS = 20;

/** What takes over one section of a changed configuration. */
export interface Applier {
  readonly section: LiveSection;
  /**
   * Has the process work with these settings from now on.
   *
   * @throws {ConfigError} where it cannot: then nothing has changed.
   */
  apply(settings: Settings): Promise<void> | void;
}

export interface LiveConfigurationParts {
  readonly settings: Settings;
  readonly source: StartedFrom;
  readonly turns: TurnStore;
  /** What speaks against settings that are valid by themselves, such as the limit of open files. */
  readonly faultsOf: (settings: Settings) => readonly Fault[];
  readonly events: Events;
  readonly metrics: Metrics;
  readonly log: Logger;
}

/** What the process works with. */
interface InUse {
  /** The configuration without the folder's backends. */
  readonly document: Section;
  readonly settings: Settings;
  readonly digest: string;
  readonly sinceMs: number;
}

/**
 * Follows the configuration file, the folder of backends and the certificates that they name. A change is judged whole,
 * and taken over without losing a session, or refused with its faults while all stays as it is.
 */
export class LiveConfiguration {
  readonly #parts: LiveConfigurationParts;
  readonly #file: WatchedFile | undefined;
  readonly #folder: BackendFolder | undefined;
  readonly #certificates: Certificates;
  readonly #rollout: Rollout;
  readonly #started: Section;
  readonly #inTurn = new Turns(() => 1);
  readonly #stop = new AbortController();
  #appliers: readonly Applier[] = [];
  #inUse: InUse;
  #generation = 1;
  #state: ConfigurationStatus["state"] = "current";
  #refused: ConfigurationStatus["refused"];
  #needsRollout: readonly string[] = [];
  #directoryFaults: readonly Fault[] = [];
  /** Newer text of the file has come: what waits for its turn is not wanted any more. */
  #newer = new AbortController();
  #taking: Promise<void> = Promise.resolve();

  /** @throws {ConfigError} where the file or the folder cannot be read. */
  constructor(parts: LiveConfigurationParts) {
    const { settings, source, metrics, log } = parts;
    const { file, role } = source;
    this.#parts = parts;
    this.#started = sectionOf(source.document);
    this.#file = file === undefined ? undefined : new WatchedFile(file, log);
    this.#folder = settings.discovery && new BackendFolder(settings.discovery, role, log);
    this.#certificates = new Certificates(log, () => this.#reapply());
    this.#rollout = new Rollout({ ...parts, settings: settings.configuration });
    const judgement = this.#folder?.judge(this.#started);
    this.#inUse = this.#use(
      this.#started,
      this.#settingsOf(this.#started, settings, judgement),
      judgement,
    );
    metrics.configurationGeneration.set(this.#generation);
    metrics.configurationNeedsRollout.set(0);
  }

  /** Those of the configuration and of the folder. */
  get backends(): readonly BackendSettings[] {
    return this.#inUse.settings.backends;
  }

  get status(): ConfigurationStatus {
    const { digest, sinceMs } = this.#inUse;
    const { discovery } = this.#parts.settings;
    return {
      generation: this.#generation,
      digest,
      since: new Date(sinceMs).toISOString(),
      state: this.#state,
      refused: this.#refused,
      needsRollout: this.#needsRollout,
      ...(discovery && {
        directory: {
          path: discovery.directory,
          files: this.#folder?.size ?? 0,
          faults: shown(this.#directoryFaults),
        },
      }),
    };
  }

  /** Who takes over what. A section without an applier needs a rollout. */
  hand(appliers: readonly Applier[]): void {
    this.#appliers = appliers;
  }

  /** Follows changes from now on. */
  start(): void {
    this.#file?.onChange((text) => this.#changed(text));
    if (this.#file !== undefined && this.#file.text !== this.#parts.source.text) {
      this.#changed(this.#file.text);
    }
    this.#folder?.onChange(() => this.#reapply());
    this.#certificates.follow(this.backends);
  }

  close(): void {
    this.#stop.abort(new Error("closed"));
    this.#newer.abort(new Error("closed"));
    this.#file?.close();
    this.#folder?.close();
    this.#certificates.close();
    this.#rollout.close();
  }

  get #sections(): readonly LiveSection[] {
    return this.#appliers.map(({ section }) => section);
  }

  /** One text after the other; what waits for its turn makes way. */
  #changed(text: string): void {
    this.#newer.abort(new Error("the file has changed again"));
    const newer = new AbortController();
    this.#newer = newer;
    this.#taking = this.#taking.then(async () => {
      if (newer.signal.aborted || this.#stop.signal.aborted) return;
      try {
        await this.#take(text, newer.signal);
      } catch (error) {
        if (newer.signal.aborted) return;
        if (error instanceof FaultsError) this.#refuse("invalid", error.faults.map(printFault));
        else this.#parts.log.error({ error }, "a changed configuration cannot be taken over");
      } finally {
        if (this.#state === "waiting" || this.#state === "observing") this.#state = "current";
      }
    });
  }

  /** @throws {FaultsError} where the file has faults, alone or with what needs a rollout left as it is. */
  async #take(text: string, signal: AbortSignal): Promise<void> {
    const { source, log } = this.#parts;
    const document = readConfiguration({ ...source, text }, (read, faults) => {
      validate(read, faults, source.role);
      return sectionOf(read);
    });
    this.#noteRollout(changesOf(this.#started, document, this.#sections).needsRollout);
    const before = this.#inUse.document;
    const { live } = changesOf(before, document, this.#sections);
    this.#state = "current";
    this.#refused = undefined;
    if (live.length === 0) return;
    const next = withLiveSections(before, document, this.#sections);
    validate(next, [], source.role);
    const digest = digestOf(liveText(next, this.#sections));
    log.info({ digest, live }, "the configuration has changed: it is taken over in turn");
    this.#state = "waiting";
    const outcome = await this.#rollout.run(
      {
        digest,
        apply: async () => {
          await this.#apply(next);
          this.#state = "observing";
        },
        undo: () => this.#apply(before),
      },
      signal,
    );
    if (outcome.kind === "refused") this.#refuse("failed_calls", [outcome.reason]);
    else log.info({ digest, live }, "the changed configuration stays");
  }

  /** The folder or a certificate has changed. */
  #reapply(): void {
    this.#apply().catch((error: unknown) => {
      if (error instanceof FaultsError) this.#noteDirectory(error.faults);
      else this.#parts.log.error({ error }, "changed backends cannot be taken over");
    });
  }

  /**
   * Has the process work with a configuration and what is in the folder now: with all of it, or nothing.
   *
   * @param wanted the configuration. Default: the one in use.
   * @throws {ConfigError} where it cannot.
   */
  #apply(wanted?: Section): Promise<void> {
    return this.#inTurn.run(async () => {
      if (this.#stop.signal.aborted) return;
      const { faultsOf, log } = this.#parts;
      const before = this.#inUse;
      const document = wanted ?? before.document;
      const judgement = this.#folder?.judge(document);
      const after = this.#settingsOf(document, before.settings, judgement);
      const faults = faultsOf(after);
      if (faults.length > 0) throw new ConfigError(faults);
      await this.#giveOut(after, before.settings);
      this.#inUse = this.#use(document, after, judgement);
      this.#certificates.follow(after.backends);
      if (this.#inUse.digest === before.digest) return;
      this.#generation += 1;
      this.#parts.metrics.configurationGeneration.set(this.#generation);
      const backends = after.backends.map(({ name }) => name);
      const generation = this.#generation;
      log.info({ generation, digest: this.#inUse.digest, backends }, "the configuration is new");
      this.#parts.events.emit("configurationTaken", generation, this.#inUse.digest);
    });
  }

  /** Where one section cannot be taken over, the others go back. */
  async #giveOut(after: Settings, before: Settings): Promise<void> {
    const done: Applier[] = [];
    try {
      for (const applier of this.#appliers) {
        done.push(applier);
        await applier.apply(after);
      }
    } catch (error) {
      done.pop();
      for (const applier of done) await applier.apply(before);
      throw error;
    }
  }

  #settingsOf(document: Section, settings: Settings, judgement: Judgement | undefined): Settings {
    const own = Array.isArray(document.backends) ? document.backends : [];
    const found = judgement?.entries.map(({ backend }) => backend) ?? [];
    const whole = { ...document, backends: [...own, ...found] };
    const { authorization: _, ...rest } = settings;
    const { role } = this.#parts.source;
    const { backends, aggregation, authorization } = validate(whole, [], role);
    return Object.freeze({
      ...rest,
      backends,
      aggregation,
      ...(authorization && { authorization }),
    });
  }

  /** Notes what the process has from now on. */
  #use(document: Section, settings: Settings, judgement: Judgement | undefined): InUse {
    const { metrics } = this.#parts;
    if (judgement !== undefined) this.#folder?.keep(judgement);
    this.#noteDirectory(judgement?.faults ?? []);
    const digest = digestOf(
      JSON.stringify([settings.backends, settings.aggregation, settings.authorization]),
    );
    metrics.configurationInfo.reset();
    metrics.configurationInfo.set({ digest }, 1);
    return { document, settings, digest, sinceMs: clock.now() };
  }

  #noteDirectory(faults: readonly Fault[]): void {
    const before = shown(this.#directoryFaults).join("\n");
    this.#directoryFaults = faults;
    this.#parts.metrics.directoryFaults.set(faults.length);
    const texts = shown(faults);
    if (texts.length === 0 || texts.join("\n") === before) return;
    this.#parts.log.error(
      { faults: texts },
      "files of discovery.directory are not served as they are",
    );
  }

  #noteRollout(fields: readonly string[]): void {
    const isNew = fields.join() !== this.#needsRollout.join();
    this.#needsRollout = fields.slice(0, SHOWN_FAULTS);
    this.#parts.metrics.configurationNeedsRollout.set(fields.length === 0 ? 0 : 1);
    if (!isNew || fields.length === 0) return;
    this.#parts.log.warn(`needs a rollout: ${this.#needsRollout.join(", ")}`);
  }

  #refuse(reason: "invalid" | "failed_calls", texts: readonly string[]): void {
    const { events, metrics, log } = this.#parts;
    const faults = first(texts);
    events.emit("configurationRefused", reason, faults);
    this.#state = "refused";
    this.#refused = { reason, faults };
    metrics.configurationRefused.inc({ reason });
    log.error({ reason, faults }, "a changed configuration is refused: the one before stays");
  }
}

function shown(faults: readonly Fault[]): readonly string[] {
  return first(faults.map(printFault));
}

/** The first of them, and how many more there are. */
function first(texts: readonly string[]): readonly string[] {
  const more = texts.length - SHOWN_FAULTS;
  return more > 0 ? [...texts.slice(0, SHOWN_FAULTS), `and ${more} more`] : texts;
}

function digestOf(text: string): string {
  return createHash("sha256").update(text).digest("hex").slice(0, 12);
}

function sectionOf(document: Section): Section {
  const filled = withoutNulls(document);
  return typeof filled === "object" && filled !== null ? { ...filled } : {};
}
