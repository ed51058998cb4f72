/**
 * A pack as a file on the reader's disk. It is fetched and not only linked to: a refusal is then told here, in words,
 * and is not saved under the name of evidence.
 */

import { leaveForSignIn } from "#dashboard/api/leave.ts";
import { type Problem, problemOf, UNREACHABLE } from "#dashboard/api/problem.ts";
import { saveFile } from "#dashboard/api/save-file.ts";
import { formatQuery } from "#dashboard/place/address.ts";
import { formatTimestamp } from "#formats/rfc3339.ts";
import { auditRoot } from "./audit-query.ts";

export interface SavedPack {
  readonly name: string;
  readonly bytes: number;
}

interface Bounds {
  readonly fromMs: number | null;
  readonly toMs: number | null;
}

export function packPath(org: string, log: number, { fromMs, toMs }: Bounds): string {
  const times: [string, string][] = [];
  if (fromMs !== null) times.push(["from", formatTimestamp(fromMs)]);
  if (toMs !== null) times.push(["to", formatTimestamp(toMs)]);
  return exportPath(org, log, times);
}

/** Of one entry: its bytes, the proof that the signed head has it, and the keys. */
export function entryPackPath(org: string, log: number, seq: number): string {
  return exportPath(org, log, [
    ["from_seq", String(seq)],
    ["to_seq", String(seq + 1)],
  ]);
}

function exportPath(org: string, log: number, more: readonly [string, string][]): string {
  const query = new Map([["format", "pack"], ["log", String(log)], ...more]);
  return `${auditRoot(org)}/export${formatQuery(query)}`;
}

export async function fetchPack(
  path: string,
  usualName: string,
): Promise<SavedPack | { readonly problem: Problem }> {
  try {
    const response = await fetch(path, { cache: "no-store", credentials: "same-origin" });
    if (response.status === 401) leaveForSignIn();
    if (!response.ok) {
      const body: unknown = await response.json().catch(() => null);
      return { problem: problemOf(response.status, body, response.headers.get("retry-after")) };
    }
    const name = nameOf(response.headers.get("content-disposition")) ?? usualName;
    const file = await response.blob();
    saveFile(file, name);
    return { name, bytes: file.size };
  } catch {
    return {
      problem: { ...UNREACHABLE, detail: "The pack broke off. A whole one was not saved." },
    };
  }
}

/** The server's own names alone: letters, digits, points and dashes. */
export function nameOf(disposition: string | null): string | null {
  return /^attachment; filename="([A-Za-z0-9.-]{1,200})"$/.exec(disposition ?? "")?.[1] ?? null;
}
