/** The time range of the address, as views ask for it: in times, by the server's clock at the last tick. */

import { place } from "#dashboard/place/place.ts";
import {
  rangeOf,
  resolve,
  type TimeRange,
  type Zone,
  zoneOf,
} from "#dashboard/place/time-range.ts";
import { formatTimestamp } from "#formats/rfc3339.ts";
import { liveNowMs } from "./live.ts";

export interface AskedRange {
  readonly range: TimeRange;
  readonly zone: Zone;
  readonly fromMs: number;
  readonly toMs: number;
  /** `from=…&to=…` */
  readonly query: string;
  /** Ends now: what it shows changes. */
  readonly isOpen: boolean;
  /** The same though time goes on: for `useAsk`'s question. */
  readonly name: string;
}

/** Read while rendering: the view is drawn anew when the range, or now, is another. */
export function askedRange(): AskedRange {
  const { query } = place.value;
  const range = rangeOf(query);
  const isOpen = range.kind === "relative" || range.toMs === null;
  const { fromMs, toMs } = resolve(range, isOpen ? liveNowMs.value : 0);
  return {
    range,
    zone: zoneOf(query),
    fromMs,
    toMs,
    query: `from=${formatTimestamp(fromMs)}&to=${formatTimestamp(toMs)}`,
    isOpen,
    name: range.kind === "relative" ? range.last : `${fromMs}/${range.toMs}`,
  };
}
