/** Fetches what shows that the keys which sign now follow the one that was kept. */
import type { ListedKey } from "#formats/ledger/evidence.ts";
import { formatVkey } from "#formats/tlog/note-key.ts";
import { type AuditReader, readProvenUnder } from "./audit-reader.ts";
import type { OpenedProof } from "./judge-inclusion.ts";
import { membersOfText } from "./members-of-text.ts";
import type { RotationEvidence } from "./proof-question.ts";

/** A log's keys are few; a list of thousands would be a request each. */
const ROTATIONS_MAX = 20;

/** The steps from the kept key on, up to the head's size. */
export async function gatherRotations(
  log: AuditReader,
  keys: readonly ListedKey[],
  vkey: string,
  head: OpenedProof,
): Promise<RotationEvidence[]> {
  const kept = keys.findIndex(({ key }) => formatVkey(key) === vkey);
  const size = head.head.checkpoint.size;
  const links = kept < 0 ? [] : linksOf(keys.slice(kept, kept + ROTATIONS_MAX + 1), size);
  if (links.length === 0) return [];
  const announced = await announcements(log);
  return Promise.all(
    links.map(async (link) => {
      const seq = announced.get(link.nextVkey) ?? null;
      const [cutover, consistency, announcement] = await Promise.all([
        log.cutover(link.size),
        log.consistency(link.size, size),
        seq === null ? null : readProvenUnder(log, seq, head),
      ]);
      return { size: link.size, cutover, consistency, announcement };
    }),
  );
}

function linksOf(keys: readonly ListedKey[], size: number) {
  return keys.flatMap(({ toSize }, at) => {
    const next = keys[at + 1];
    if (toSize === null || next === undefined || toSize > size) return [];
    return [{ size: toSize, nextVkey: formatVkey(next.key) }];
  });
}

/** By vkey, the index of the entry that announces it: the server's search finds it, and what it finds is proven. */
async function announcements(log: AuditReader): Promise<Map<string, number>> {
  const text = await log.text("?action=ledger.key_rotated&limit=100");
  const { events } = membersOfText(text);
  const found = new Map<string, number>();
  for (const event of Array.isArray(events) ? events : []) {
    const seq: unknown = event?.seq;
    const vkey: unknown = event?.event?.details?.vkey;
    if (typeof seq === "number" && typeof vkey === "string") found.set(vkey, seq);
  }
  return found;
}
