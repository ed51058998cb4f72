/** Where an org's metrics, traces and audit entries go. */
import { type AppRoute, route } from "#orgs/http/access.ts";
import { operatorOf } from "#orgs/http/operator-of.ts";
import { changeStreams, currentStreams } from "#streams/change-streams.ts";
import { findStreams } from "#streams/store/streams.ts";
import { StreamsSchema } from "#streams/streams-schema.ts";
import { checkStreams, streamsJson, streamsRequestBody } from "./streams-body.ts";

const PATH = "/v1/orgs/:org/observability";
const STREAMS = { "application/json": StreamsSchema };

export const streamRoutes: readonly AppRoute[] = [
  route(
    {
      method: "get",
      path: PATH,
      operationId: "getStreams",
      summary: "Where metrics, traces and audit entries go",
      description:
        "What is in force: the org's own settings over the deployment's. Header values are never " +
        "returned: each header's is null, which PUT takes for the stored one.",
      scope: "org:admin",
      answers: { 200: { description: "The streams", content: STREAMS } },
    },
    async (c) => c.json(streamsJson(await currentStreams(c.env, c.var.org.org))),
  ),
  route(
    {
      method: "put",
      path: PATH,
      operationId: "changeStreams",
      summary: "Disable or reroute metrics, traces and audit entries",
      description:
        "Replaces all: an absent stream, or destination, takes the deployment's; a null destination " +
        "is none. Disabled, a stream takes nothing in and sends nothing out; disabling `audit` stops " +
        "`tool.*` and `plugin.*` entries only, and takes effect once the entry that says so is in the " +
        "ledger. In force within 30 s everywhere. Also takes the guide's YAML (`application/yaml`, at " +
        "most 64 KiB), in which `observability.otlp` is where traces go.",
      scope: "org:admin",
      body: streamsRequestBody,
      answers: { 200: { description: "The streams as changed", content: STREAMS } },
      problems: [409],
    },
    async (c, { body }) => {
      const { org } = c.var;
      const stored = await findStreams(c.env.DIRECTORY, org.org);
      const requested = checkStreams(c, body, stored.own);
      const by = { ...operatorOf(c, org.org), requestId: c.var.requestId };
      return c.json(streamsJson(await changeStreams(c.env, org, { stored, requested }, by)));
    },
  ),
];
