/** The longest baggage, by W3C: beyond it, nothing goes on. */
const BAGGAGE_CHARACTERS = 8_192;

/** The members of a client's baggage that go to backends, as it wrote them; undefined where there are none. */
export function allowedBaggage(
  header: string | readonly string[] | undefined,
  keys: readonly string[],
): string | undefined {
  if (typeof header !== "string" || keys.length === 0) return undefined;
  if (header.length > BAGGAGE_CHARACTERS) return undefined;
  const members = header.split(",").map((member) => member.trim());
  const allowed = members.filter((member) => keys.includes(/^[^=;\s]+/.exec(member)?.[0] ?? ""));
  return allowed.length === 0 ? undefined : allowed.join(",");
}
