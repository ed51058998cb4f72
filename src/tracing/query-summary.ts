/**
 * `db.query.summary` of a statement: its operation and the tables it names, nothing of its values
 * (OpenTelemetry semantic conventions, docs/db/database-spans.md "Generating a summary of the query").
 *
 *   SELECT * FROM orgs WHERE org = ?1   →   SELECT orgs
 */

/** 255 is the convention's limit; a name that long helps nobody. */
const LENGTH_MAX = 120;
const COMMENT = /--[^\n]*|\/\*[\s\S]*?\*\//g;
const TEXT = /'(?:[^']|'')*'/g;
const PART =
  /\b(?:(SELECT|INSERT|REPLACE|UPDATE|DELETE)\b|(?:FROM|INTO|JOIN)\s+["`[]?([A-Za-z_]\w*)|(?<=UPDATE\s+)["`[]?([A-Za-z_]\w*))/gi;
/** Table-valued functions and keywords that follow where a table may. */
const NO_TABLE = /^(json_each|json_tree|pragma_\w+|set|or)$/i;

const known = new Map<string, string>();
/** Most statements are fixed texts; those that are not must not fill the memory. */
const KNOWN_MAX = 512;

export function summaryOf(sql: string): string {
  const before = known.get(sql);
  if (before !== undefined) return before;
  const summary = summarise(sql);
  if (known.size < KNOWN_MAX) known.set(sql, summary);
  return summary;
}

function summarise(sql: string): string {
  const text = sql.replaceAll(COMMENT, " ").replaceAll(TEXT, "?");
  const words: string[] = [];
  for (const [, operation, table, updated] of text.matchAll(PART)) {
    const word = operation?.toUpperCase() ?? table ?? updated ?? "";
    if (!NO_TABLE.test(word) && words.at(-1) !== word) words.push(word);
  }
  const summary = words.join(" ");
  if (summary.length <= LENGTH_MAX) return summary || "SQL";
  return summary.slice(0, summary.lastIndexOf(" ", LENGTH_MAX));
}
