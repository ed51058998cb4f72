/** What a new head becomes once it is signed. Pure but for the secret that keys derive from. */
import { type LogAddress, logOrigin } from "#audit/audit-log.ts";
import type { NewHead } from "#audit/ledger/head.ts";
import type { AuditLogRow, SignedStep } from "#audit/store/audit-logs.ts";
import { encodeBase64 } from "#formats/base64.ts";
import { parseTimestampMs } from "#formats/rfc3339.ts";
import { formatCheckpoint } from "#formats/tlog/checkpoint.ts";
import { formatNote, signNote } from "#formats/tlog/signed-note.ts";
import type { Env } from "#platform/env.ts";
import { fail } from "#platform/errors.ts";
import { originHost } from "#platform/settings.ts";
import { isUnderOrigin } from "./origin-check.ts";
import { wrongOrigin, wrongSeed } from "./setting-fault.ts";
import type { SigningKey } from "./signing-key.ts";
import { signerOf, vkeyOf } from "./signing-keys.ts";

/** A rotation is due once the entry that announces it is under this head: both keys sign it. */
export function signedStep(
  env: Env,
  address: LogAddress,
  row: AuditLogRow,
  head: NewHead,
): SignedStep {
  const origin = logOrigin(originHost(env), address);
  const { org, log } = address;
  const { keyEpoch: epoch, seedVersion, rotationSeq, rotationSeedVersion } = row;
  const current = signerOf(env, { origin, epoch, seedVersion });
  const keys = row.keys.length > 0 ? row.keys : [firstKey(vkeyOf(current))];
  const vkey = keys.at(-1)?.vkey ?? "";
  if (vkey !== vkeyOf(current)) {
    fail(isUnderOrigin(vkey, origin) ? wrongSeed(seedVersion) : wrongOrigin());
  }
  const text = formatCheckpoint({ origin, size: head.size, root: head.root });
  const step = {
    org,
    log,
    fromSize: row.signedSize,
    fromRoot: row.signedRoot,
    wasRotationSeq: rotationSeq,
    size: head.size,
    root: encodeBase64(head.root),
    oldestAtMs: head.oldestAt === null ? null : (parseTimestampMs(head.oldestAt) ?? null),
  };
  if (rotationSeq === null || rotationSeedVersion === null || rotationSeq >= head.size) {
    const checkpoint = formatNote(text, [signNote(text, current)]);
    const key = { keyEpoch: epoch, seedVersion, rotationSeq, rotationSeedVersion, keys };
    return { ...step, checkpoint, ...key };
  }
  const next = { origin, epoch: epoch + 1, seedVersion: rotationSeedVersion };
  const successor = signerOf(env, next);
  const checkpoint = formatNote(text, [signNote(text, current), signNote(text, successor)]);
  return {
    ...step,
    checkpoint,
    keyEpoch: next.epoch,
    seedVersion: next.seedVersion,
    rotationSeq: null,
    rotationSeedVersion: null,
    keys: crossOver(keys, { vkey: vkeyOf(successor), size: head.size, checkpoint }),
  };
}

function firstKey(vkey: string): SigningKey {
  return { vkey, fromSize: 0, toSize: null, checkpoint: null };
}

function crossOver(
  keys: readonly SigningKey[],
  { vkey, size, checkpoint }: { vkey: string; size: number; checkpoint: string },
): SigningKey[] {
  const before = keys.map((key) =>
    key.toSize === null ? { ...key, toSize: size, checkpoint } : key,
  );
  return [...before, { vkey, fromSize: size, toSize: null, checkpoint: null }];
}
