/**
 * What in a text looks like a secret: by the rules of secretlint's recommended preset, and by our own.
 *
 * Of the library only the rules are taken. Its core reads comments that switch rules off, and who writes a payload
 * must not be the one who says what is kept of it.
 */
import { rules } from "@secretlint/secretlint-rule-preset-recommend";
import { OWN_PATTERNS } from "./own-patterns.ts";

export interface FoundSecret {
  /** What kind, as in `github`. */
  readonly kind: string;
  readonly start: number;
  readonly end: number;
}

/** The shortest that any rule finds: `xoxb-a-b`. */
const LENGTH_MIN = 8;

const RULE_PREFIX = "@secretlint/secretlint-rule-";
/** `gcp` is for PKCS #12 files; the keys that Google writes into JSON are `privatekey`'s. `aws` is ours. */
const LEFT_OUT = ["gcp", "aws", "filter-comments"];

/**
 * GitHub's rule for installation tokens reads up to 12,000 characters from each place where one may begin. No honest
 * text has so many of these as would take it long: one that has is a secret as a whole.
 */
const COSTLY_BEGINNING = /ghs_\d/g;
const COSTLY_BEGINNINGS_MAX = 64;

interface SecretSink {
  found: FoundSecret[];
}
type Search = (text: string, sink: SecretSink) => void;

let searches: readonly Search[] | null = null;

/** In order, none within another. */
export function findSecrets(text: string): readonly FoundSecret[] {
  if (text.length < LENGTH_MIN) return [];
  if (isTooCostly(text)) return [{ kind: "undecided", start: 0, end: text.length }];
  searches ??= librarySearches();
  const sink: SecretSink = { found: [] };
  for (const search of searches) search(text, sink);
  for (const [kind, pattern] of OWN_PATTERNS) {
    for (const { index, 0: match } of text.matchAll(pattern)) {
      sink.found.push({ kind, start: index, end: index + match.length });
    }
  }
  return sink.found.length === 0 ? sink.found : withoutOverlap(sink.found);
}

function isTooCostly(text: string): boolean {
  let beginnings = 0;
  for (const _ of text.matchAll(COSTLY_BEGINNING)) {
    beginnings += 1;
    if (beginnings > COSTLY_BEGINNINGS_MAX) return true;
  }
  return false;
}

/** Of two that overlap one remains, which covers both. */
function withoutOverlap(found: readonly FoundSecret[]): FoundSecret[] {
  const merged: FoundSecret[] = [];
  for (const secret of found.toSorted((a, b) => a.start - b.start || b.end - a.end)) {
    const last = merged.at(-1);
    if (last === undefined || secret.start >= last.end) merged.push(secret);
    else if (secret.end > last.end) merged[merged.length - 1] = { ...last, end: secret.end };
  }
  return merged;
}

/** The library's rules, each made once: what it reports goes to whoever searches at the time. */
function librarySearches(): Search[] {
  const ofPreset = rules as readonly LibraryRule[];
  return ofPreset.flatMap((rule) => {
    const kind = rule.meta.id.replace(RULE_PREFIX, "");
    return LEFT_OUT.includes(kind) ? [] : [searchBy(rule, kind)];
  });
}

function searchBy(rule: LibraryRule, kind: string): Search {
  let sink: SecretSink = { found: [] };
  const context: LibraryContext = {
    sharedOptions: {},
    // Messages quote what was found.
    createTranslator: () => () => ({ message: "", messageId: "", data: undefined }),
    report: ({ range: [start, end] }) => sink.found.push({ kind, start, end }),
    ignore: () => undefined,
  };
  const { file } = rule.create(context, {});
  return (text, into) => {
    sink = into;
    file?.({ content: text, filePath: "", contentType: "text" });
  };
}

/** As much of @secretlint/types as is used here. */
interface LibraryContext {
  sharedOptions: object;
  createTranslator(messages: unknown): (...of: unknown[]) => object;
  report(found: { range: readonly [start: number, end: number] }): void;
  ignore(): void;
}

interface LibraryRule {
  meta: { id: string };
  create(context: LibraryContext, options: object): { file?(source: object): unknown };
}
