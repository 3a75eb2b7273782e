import type { Fields } from "./fields.ts";

type Labels = Readonly<Record<string, string>>;

/** Whether a label selector matches pods with these labels. An empty one matches every pod, an absent one no pod. */
export function selects(selector: Fields, labels: Labels): boolean {
  if (!selector.isThere) return false;
  const wanted = Object.entries(selector.at("matchLabels").texts());
  return (
    wanted.every(([name, value]) => labels[name] === value) &&
    selector
      .at("matchExpressions")
      .items()
      .every((expression) => holds(expression, labels))
  );
}

function holds(expression: Fields, labels: Labels): boolean {
  const label = labels[expression.at("key").text() ?? ""];
  const values = expression
    .at("values")
    .items()
    .map((value) => value.text());
  switch (expression.at("operator").text()) {
    case "In":
      return values.includes(label) && label !== undefined;
    case "NotIn":
      return !values.includes(label);
    case "Exists":
      return label !== undefined;
    case "DoesNotExist":
      return label === undefined;
    default:
      return false;
  }
}
