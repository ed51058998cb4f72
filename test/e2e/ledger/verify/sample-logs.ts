/** The honest logs that every way of verifying is tried on. */
import { SyntheticLog } from "../../../harness/synthetic-log.ts";

export function plainLog(size: number): SyntheticLog {
  return new SyntheticLog().append(size).sign();
}

/** Announced, signed, carried out, and more entries since. */
export function prunedLog(to: number, size = to + 120): SyntheticLog {
  const log = new SyntheticLog().append(size).announcePruning(to).append(4).sign();
  log.minimumIndex = to;
  return log.append(9).sign();
}

export function rotatedLog(times: number): SyntheticLog {
  const log = new SyntheticLog().append(200).sign();
  for (let at = 1; at <= times; at += 1) log.append(30).announceKey(`key ${at}`).append(3).sign();
  return log.append(60).sign();
}

export const SAMPLE_LOGS: readonly [string, () => SyntheticLog][] = [
  ["0 entries, signed", () => new SyntheticLog().sign()],
  ...[1, 255, 256, 257, 1_000].map((size): [string, () => SyntheticLog] => [
    `${size} entries`,
    () => plainLog(size),
  ]),
  ["pruned to 256", () => prunedLog(256)],
  ["pruned to 300", () => prunedLog(300)],
  ["pruned to 512, all but a few", () => prunedLog(512, 514)],
  ["pruned twice", prunedTwice],
  [
    "pruning announced, not carried out",
    () => new SyntheticLog().append(300).announcePruning(256).sign(),
  ],
  ["rotated once", () => rotatedLog(1)],
  ["rotated twice", () => rotatedLog(2)],
  ["rotated at the very head", () => new SyntheticLog().append(20).announceKey("next").sign()],
  ["rotated and pruned before that", rotatedAndPruned],
];

function prunedTwice(): SyntheticLog {
  const log = prunedLog(256, 700);
  log.announcePruning(512).sign();
  log.minimumIndex = 512;
  return log.append(3).sign();
}

function rotatedAndPruned(): SyntheticLog {
  const log = new SyntheticLog().append(400).announceKey("next").append(3).sign();
  log.announcePruning(300).sign();
  log.minimumIndex = 300;
  return log.append(3).sign();
}
