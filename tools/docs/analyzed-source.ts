/**
 * Declarations as Pulumi's analyzer can read them. It knows a closed set of values only by an object that is written out,
 * and has no words for Kubernetes' types, which programs in other languages pass as they are, for what TypeScript passes
 * instead of a part of a component, and for outputs that are getters.
 */
export function analyzedSource(declarations: string): string {
  return declarations
    .replaceAll(
      /declare const (\w+): (\{\n(?: {2}readonly \w+: "[^"]*";\n)+\});/g,
      (_, name: string, members: string) =>
        `const ${name} = ${members.replaceAll("readonly ", "").replaceAll('";', '",')} as const;`,
    )
    .replaceAll("podTemplate?: PodTemplate;", "podTemplate?: any;")
    .replaceAll("(BackendArgs | HasBackend)[]", "BackendArgs[]")
    .replaceAll("SessionStorageArgs | HasConnection;", "SessionStorageArgs;")
    .replaceAll(
      /^ {2}get (backend|connection)\(\): (\w+)(?:;| \{\n[\s\S]*?\n {2}\})$/gm,
      "  readonly $1: Output<$2>;",
    );
}
