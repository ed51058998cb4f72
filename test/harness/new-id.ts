import { uuid7FromRandom } from "#formats/uuid7.ts";

export function newId(timeMs = Date.now()): string {
  return uuid7FromRandom(timeMs, crypto.getRandomValues(new Uint8Array(10)));
}
