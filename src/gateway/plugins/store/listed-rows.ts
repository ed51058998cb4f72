/** Tools by org: each query goes through the org's own rows alone. */

export interface PlacedTool {
  readonly workspace: string;
  readonly plugin: string;
  readonly name: string;
  readonly definition: Readonly<Record<string, unknown>>;
}

interface DefinitionRow extends Omit<PlacedTool, "definition"> {
  readonly definition: string;
}

/** An isolate has 128 MB, and what is parsed takes several times its text: of more, the first are known. */
const DEFINITION_BYTES_MAX = 8_000_000;

const SELECT_ACTIVE = `SELECT workspace, plugin, name, definition FROM (
    SELECT workspace, plugin, tool AS name, definition,
      sum(length(definition)) OVER (ORDER BY workspace, plugin, tool) AS bytes
    FROM plugin_tools WHERE org = ?1 AND is_gone = 0 AND fault IS NULL)
  WHERE bytes <= ?2`;

export async function findActiveTools(db: D1Database, org: string): Promise<PlacedTool[]> {
  const statement = db.prepare(SELECT_ACTIVE).bind(org, DEFINITION_BYTES_MAX);
  const { results } = await statement.all<DefinitionRow>();
  return results.map((row) => ({ ...row, definition: JSON.parse(row.definition) }));
}

/** Each name a seek in either table. */
const SELECT_LISTED = `SELECT iif(l.whole_hash IS NULL, NULL, t.tool IS NOT NULL) AS isListed
  FROM json_each(?2) j
  LEFT JOIN plugin_lists l ON l.org = ?1
    AND l.workspace = j.value ->> 0 AND l.plugin = j.value ->> 1
  LEFT JOIN plugin_tools t ON t.org = ?1
    AND t.workspace = j.value ->> 0 AND t.plugin = j.value ->> 1 AND t.tool = j.value ->> 2
  ORDER BY j.key`;

export async function findListed(
  db: D1Database,
  org: string,
  names: readonly (readonly [workspace: string, plugin: string, tool: string])[],
): Promise<(boolean | null)[]> {
  const statement = db.prepare(SELECT_LISTED).bind(org, JSON.stringify(names));
  const { results } = await statement.all<{ isListed: 0 | 1 | null }>();
  return results.map(({ isListed }) => (isListed === null ? null : isListed === 1));
}
