/**
 * The records of a pax header, POSIX.1-2017 "pax Extended Header File Format": `<length> <key>=<value>\n`.
 * Tools that pack a folder write them for times and owners. Any other key may rename the member after it,
 * or give it another size or other contents: it is refused, as is a record that is not whole.
 */

const TIME = /^-?[0-9]+(?:\.[0-9]+)?$/;
const ID = /^[0-9]+$/;
const OWNER = /^[^\p{Cc}]+$/u;

const HARMLESS: ReadonlyMap<string, RegExp> = new Map([
  ["mtime", TIME],
  ["atime", TIME],
  ["ctime", TIME],
  ["uid", ID],
  ["gid", ID],
  ["uname", OWNER],
  ["gname", OWNER],
]);

/** Well above what times and owners take. */
export const PAX_BYTES_MAX = 4_096;

const RECORD = /^[0-9]+ ([^=]+)=([\s\S]*)\n$/;

/** Why the records are refused; null if they say nothing of what is extracted. */
export function findPaxFault(bytes: Uint8Array): string | null {
  const text = String.fromCharCode(...bytes);
  const seen = new Set<string>();
  for (let at = 0; at < text.length; ) {
    const length = Number(/^([1-9][0-9]{0,3}) /.exec(text.slice(at, at + 5))?.[1] ?? 0);
    const record = text.slice(at, at + length);
    const [, key, value = ""] = RECORD.exec(record) ?? [];
    if (key === undefined || record.length < length) return "a pax record is not whole";
    const isHarmless = HARMLESS.get(key)?.test(value) ?? false;
    if (!isHarmless || seen.has(key)) return `there is a pax record ${JSON.stringify(record)}`;
    seen.add(key);
    at += length;
  }
  return null;
}
