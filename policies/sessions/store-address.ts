import type { Fleet, Named } from "../stack/fleet.ts";
import { serviceNames } from "../stack/service-name.ts";

/** The address of a store, resolved from pods of a namespace. */
export class StoreAddress {
  /** The address as written, without a password. */
  readonly text: string;
  readonly host: string;
  /** Absent where the address has no port. */
  readonly port: number | undefined;
  readonly #namespace: string;

  /** @param text `host:port`; IPv6 addresses are in brackets. */
  constructor(text: string, namespace: string) {
    this.text = text.slice(text.lastIndexOf("@") + 1);
    const [, host = this.text, port] = /^(.*?)(?::(\d+))?$/.exec(this.text) ?? [];
    this.host = host.toLowerCase();
    this.port = port === undefined ? undefined : Number(port);
    this.#namespace = namespace;
  }

  /** The Service of the stack that it names. */
  serviceIn(fleet: Fleet): Named | undefined {
    return fleet.serviceAt(this.host, this.#namespace);
  }

  /** Whether it is one of these hosts, with or without a port. */
  isOneOf(stores: readonly string[]): boolean {
    const known = stores.map((store) => store.toLowerCase());
    return known.includes(this.host) || known.includes(`${this.host}:${this.port}`);
  }

  /** A canonical form, the same for every way to write the address of a Service. */
  canonical(fleet: Fleet): string {
    const { service } = this.serviceIn(fleet) ?? {};
    const [guess] = serviceNames(this.host, this.#namespace);
    const { name, namespace } = service ?? guess ?? { name: this.host, namespace: "" };
    const pod = guess?.pod ?? "";
    return [pod, name, namespace, this.port ?? ""].join("/");
  }
}
