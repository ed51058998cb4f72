/** Whether the entries that were read are those under the signed head. */
import { isSameHash } from "#formats/tlog/merkle-hash.ts";
import { verifyConsistency } from "#formats/tlog/merkle-verify.ts";
import type { AuditState } from "./audit-state.ts";
import type { SignedHead } from "./signed-head.ts";
import type { Finding } from "./verdicts.ts";

export interface RootVerdict {
  /** True if the entries make the signed root, or a tree that the signed one is proven to extend. */
  readonly isTied: boolean;
  readonly findings: readonly Finding[];
}

/** The verdict is left open if too few of the entries are here to tell. */
export function judgeRoot(state: AuditState): RootVerdict {
  const { chain, head, tree } = state;
  const size = head?.checkpoint.size ?? 0;
  const ours = tree?.rootAt(Math.min(chain.end, size)) ?? null;
  if (head === null || ours === null) return OPEN;
  const isSame =
    chain.end >= size ? isSameHash(ours, head.checkpoint.root) : isExtended(state, head, ours);
  if (isSame === null) return OPEN;
  return isSame ? TIED : differs(Math.min(chain.end, size), size);
}

/** Whether the head's tree is proven to extend ours; null if entries are missing or there is no proof. */
function isExtended(
  { chain, evidence }: AuditState,
  { checkpoint }: SignedHead,
  ours: Uint8Array,
): boolean | null {
  const { consistency, toSeq } = evidence;
  if (consistency === null || chain.end < (toSeq ?? 0)) return null;
  if (consistency.length === 0 && chain.end > 0) return null;
  return verifyConsistency({
    oldSize: chain.end,
    newSize: checkpoint.size,
    oldRoot: ours,
    newRoot: checkpoint.root,
    proof: consistency,
  });
}

export const OPEN: RootVerdict = { isTied: false, findings: [] };
const TIED: RootVerdict = { isTied: true, findings: [] };

function differs(end: number, size: number): RootVerdict {
  const message =
    `every entry follows the one before, but the root of the first ${end} is not the one that the ` +
    `checkpoint of size ${size} signs: entries were rewritten and their hashes recomputed, or the ` +
    "hashes that come with them are not theirs";
  const finding = {
    aspect: "integrity",
    failure: "INVALID",
    code: "root_differs",
    message,
  } as const;
  return { isTied: false, findings: [finding] };
}
