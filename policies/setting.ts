/** A setting of a policy, which `--policy-pack-config` contains under the policy's name. */
export type Setting =
  | { readonly type: "integer"; readonly default: number; readonly description: string }
  | { readonly type: "boolean"; readonly default: boolean; readonly description: string }
  | { readonly type: "list"; readonly default: readonly string[]; readonly description: string };

export type Settings = Readonly<Record<string, Setting>>;

/** The values of settings, by name. */
export type Values<Of extends Settings> = {
  readonly [Name in keyof Of]: Of[Name] extends { readonly type: "integer" }
    ? number
    : Of[Name] extends { readonly type: "boolean" }
      ? boolean
      : readonly string[];
};

/** The configured values, with defaults for the others. The engine has checked the types already. */
export function valuesOf<Of extends Settings>(settings: Of, configured: object): Values<Of> {
  const defaults = Object.entries(settings).map(([name, setting]) => [name, setting.default]);
  return { ...Object.fromEntries(defaults), ...configured };
}
