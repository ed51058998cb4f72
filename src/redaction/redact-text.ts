/**
 * Takes out of a text what paths lead to, and what looks like a secret: in it, in the JSON that it holds, and in texts
 * within that, of JSON or base 64, a few layers deep. A text in which there was nothing comes back as it was, to the byte.
 */
import { type FoundSecret, findSecrets } from "./find-secrets.ts";
import type { PathSegment } from "./json-path.ts";
import { startPaths } from "./path-states.ts";
import {
  type HeldText,
  type Layer,
  type PathSteps,
  REDACTED_JSON,
  REDACTED_NAME,
  TextLayers,
} from "./text-layers.ts";

export interface Redaction {
  readonly paths: readonly (readonly PathSegment[])[];
  readonly detectsSecrets: boolean;
}

/**
 * Of one text, and of all of a report: 150 ms, and 0.7 s. A text whose members and paths come to more is taken out as a
 * whole, as what cannot be looked into is.
 */
const TEXT_STEPS_MAX = 2_000_000;
const REPORT_STEPS_MAX = 10_000_000;

export function reportSteps(): PathSteps {
  return { left: REPORT_STEPS_MAX };
}

/** `steps` are those of all texts of a report. */
export function redactText(
  text: string,
  { paths, detectsSecrets }: Redaction,
  steps = reportSteps(),
): string {
  if (paths.length === 0 && !detectsSecrets) return text;
  const { states, isEnd } = startPaths(paths);
  if (isEnd) return REDACTED_JSON;
  let redacted = text;
  const ownMax = Math.min(TEXT_STEPS_MAX, steps.left);
  const own = { left: ownMax };
  const found = new TextLayers(own);
  found.add(text, { states, isEnd: false }, 1, (root) => {
    redacted = root as string;
  });
  steps.left -= ownMax - own.left;
  if (found.isBrokenOff) return REDACTED_JSON;
  const texts = found.layers.flatMap((layer) => layer.texts);
  if (detectsSecrets) markSecrets(texts.filter(({ isSearched }) => isSearched));
  for (const layer of found.layers.toReversed()) rewrite(layer);
  return redacted;
}

/**
 * All texts are searched as one, in a fiftieth of the time that many short ones take. What parts them is in no
 * secret: it is a line's end, and a character that no pattern takes.
 */
const BETWEEN = "\0\n";

function markSecrets(texts: readonly HeldText[]): void {
  const document = texts.map(({ name, text }) => unescaped(`${name}${text ?? ""}`)).join(BETWEEN);
  const secrets = findSecrets(document);
  let next = 0;
  let start = 0;
  for (const held of texts) {
    const end = start + held.name.length + (held.text?.length ?? 0);
    while (next < secrets.length && secrets[next]!.end <= start) next += 1;
    for (let at = next; at < secrets.length && secrets[at]!.start < end; at++) {
      markSecret(held, secrets[at]!, start);
    }
    start = end + BETWEEN.length;
  }
}

/** JSON that could not be read is searched as it is written: what escapes stand for, in as many characters. */
function unescaped(text: string): string {
  return text.replace(/\\[nrtbf]/g, "\n\n").replace(/\\(?=["'])/g, " ");
}

/** A name is hit where a secret lies in it alone: `password: …` is one because of what it names. */
function markSecret(held: HeldText, secret: FoundSecret, lineStart: number): void {
  const textStart = lineStart + held.name.length;
  const length = held.text?.length ?? 0;
  const start = Math.max(0, secret.start - textStart);
  const end = Math.min(length, secret.end - textStart);
  if (end > start) held.hits.push({ start, end, mark: `[redacted:${secret.kind}]` });
  else held.isNameHit = true;
}

function rewrite(layer: Layer): void {
  for (const held of layer.texts) {
    const text = held.rewritten ?? withoutHits(held);
    if (text === held.text) continue;
    layer.isChanged = true;
    if (text !== null) held.holder[held.key] = text;
  }
  for (const held of layer.texts.filter(({ isNameHit }) => isNameHit)) rename(layer, held);
  if (layer.isChanged) layer.tell(layer.root[""]);
}

function withoutHits({ text, hits }: HeldText): string | null {
  if (text === null || hits.length === 0) return text;
  let rest = 0;
  let kept = "";
  for (const { start, end, mark } of hits.toSorted((a, b) => a.start - b.start)) {
    if (start >= rest) kept += text.slice(rest, start) + mark;
    rest = Math.max(rest, end);
  }
  return kept + text.slice(rest);
}

function rename(layer: Layer, { holder, key }: HeldText): void {
  let name = REDACTED_NAME;
  while (Object.hasOwn(holder, name)) name = `${REDACTED_NAME}-${++layer.renames}`;
  holder[name] = holder[key];
  delete holder[key];
  layer.isChanged = true;
}
