/** A selection among the calls that are asked for: the list's filters again, each as `sel_…`. */
import type { CallFilter } from "#calls/call-filter.ts";
import { refuseParameter } from "#http/parameters.ts";
import { CALL_PARAMETERS, type CallQuery, callFilter } from "./call-parameters.ts";

type SelectionQuery = { readonly [Name in keyof CallQuery as `sel_${Name}`]: CallQuery[Name] };
type SelectionParameters = {
  readonly [Name in keyof typeof CALL_PARAMETERS as `sel_${Name}`]: (typeof CALL_PARAMETERS)[Name];
};

const PREFIX = "sel_";

export const SELECTION_PARAMETERS = Object.fromEntries(
  Object.entries(CALL_PARAMETERS).map(([name, parameter]) => [PREFIX + name, parameter]),
) as unknown as SelectionParameters;

export function selectionFilter(query: SelectionQuery): CallFilter {
  const selected = Object.entries(query).flatMap(([name, value]) =>
    name.startsWith(PREFIX) && value !== undefined ? [[name.slice(PREFIX.length), value]] : [],
  );
  if (selected.length === 0) refuseParameter("sel_from", "or another sel_… is required");
  return callFilter(Object.fromEntries(selected) as CallQuery);
}
