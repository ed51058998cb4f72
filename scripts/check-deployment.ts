// What `npm run deploy` runs first: refuses what wrangler.toml leaves undone and would cost later, before
// anything is migrated or uploaded. The origin is part of every checkpoint, for ever.
import { unstable_readConfig as readConfig } from "wrangler";

const placeholderId = /^0{8}-0{4}-0{4}-0{4}-/;

type D1Config = ReturnType<typeof readConfig>["d1_databases"][number];

function problems(): string[] {
  const config = readConfig({ config: "wrangler.toml" });
  const { vars, d1_databases } = config;
  const databases: D1Config[] = d1_databases;
  const origin = vars["MCPG_ORIGIN"];
  const placeholders = databases.filter(({ database_id: id }) => !id || placeholderId.test(id));
  const hasRoute =
    config.workers_dev === true || config.route !== undefined || (config.routes ?? []).length > 0;
  return [
    ...(!origin || origin === "mcpg.local"
      ? [
          "MCPG_ORIGIN is still mcpg.local: set it to this deployment's host name. It is part of every signed checkpoint and never changes again.",
        ]
      : []),
    ...placeholders.map(
      ({ binding, database_name: name }) =>
        `The database_id of ${binding} is a placeholder: \`npx wrangler d1 create ${name}\` prints the one to put there.`,
    ),
    ...(hasRoute
      ? []
      : [
          'Nothing leads to the Worker: add `routes = [{ pattern = "mcpg.example.com", custom_domain = true }]` above the first [table], with your host name.',
        ]),
  ];
}

const found = problems();
for (const problem of found) console.error(`wrangler.toml: ${problem}`);
if (found.length > 0) process.exitCode = 1;
