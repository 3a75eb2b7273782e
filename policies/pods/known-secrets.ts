import { creator } from "@secretlint/secretlint-rule-preset-recommend";
import type { SecretLintRuleContext, SecretLintSourceCode } from "@secretlint/types";

/** What SecretFinder finds itself, since it knows placeholders. */
const OWN = /-(?:privatekey|basicauth|database-connection-string)$/;

const RULES = creator.rules.filter(({ meta }) => meta.type === "scanner" && !OWN.test(meta.id));

/** The kinds of the secrets in a text that are known by their form, such as GITHUB_TOKEN; never their values. */
export function knownSecrets(text: string): readonly string[] {
  const kinds = new Set<string>();
  const context: SecretLintRuleContext = {
    sharedOptions: {},
    createTranslator: () => (messageId) => ({
      messageId: String(messageId),
      message: "",
      data: undefined,
    }),
    report: ({ message }) => void kinds.add(message.messageId),
    ignore: () => {},
  };
  const source = sourceOf(text);
  for (const rule of RULES) void rule.create(context, {}).file?.(source);
  return [...kinds];
}

/** A text that is no file. */
function sourceOf(content: string): SecretLintSourceCode {
  const start = { line: 1, column: 0 };
  return {
    content,
    contentType: "text",
    ext: "",
    filePath: undefined,
    physicalFilePath: undefined,
    hasBOM: false,
    getFilePath: () => undefined,
    getPhysicalFilePath: () => undefined,
    locationToRange: () => [0, content.length],
    rangeToLocation: () => ({ start, end: start }),
    positionToIndex: () => 0,
    indexToPosition: () => start,
  };
}
