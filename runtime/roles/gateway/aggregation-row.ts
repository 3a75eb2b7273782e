import { ConfigError, fault } from "@mcp-fleet/contract";
import { explainHidden, explainNames } from "../../catalog/explanation.ts";
import type { Unresolved } from "../../catalog/merged-list.ts";
import type { View } from "../../catalog/view.ts";
import type { AggregationRow } from "../role.ts";

/** So many names and warnings are said one by one. */
const MAX_SAID = 100;

/** How the lists of a gateway became one, in /status. */
export function aggregationRow({ catalog, unresolved, listings }: View): AggregationRow {
  const { aggregation } = catalog;
  const { strategy, priorityOrder } = aggregation;
  const names = explainNames(catalog);
  const hidden = explainHidden(catalog);
  const warnings = aggregation.unmatched(listings);
  const others = listings
    .map(({ provider }) => provider)
    .filter((one) => !priorityOrder.includes(one));
  return {
    conflictResolution: strategy,
    ...(strategy === "priority" && { priorityOrder, afterPriorityOrder: others }),
    unresolved: unresolved.slice(0, MAX_SAID),
    warnings: warnings.slice(0, MAX_SAID),
    names: names.rows,
    hidden: hidden.rows,
    more: {
      warnings: Math.max(0, warnings.length - MAX_SAID),
      names: names.more,
      hidden: hidden.more,
    },
  };
}

/** Why a gateway does not start while names are to be resolved by hand. */
export function unresolvedNames(unresolved: readonly Unresolved[]): ConfigError {
  const said = unresolved.slice(0, MAX_SAID);
  const more = unresolved.length - said.length;
  return new ConfigError(
    said.map(({ list, name, backends }, index) => {
      const path = ["aggregation", list];
      const who = backends.length === 1 ? `${backends[0]} twice` : backends.join(" and ");
      const rule = `must be left to one backend, with conflictResolution manual: it is offered by ${who}`;
      const rest = more > 0 && index === said.length - 1 ? `; ${more} more names are like it` : "";
      const fix = `rename it by overrides, or hide it by filter or excludeAll, for all but one${rest}`;
      return fault(path, name, rule, fix);
    }),
  );
}
