/** What is taken out of payloads and of events' details before they are kept: shown and replaced. */
import { jsonBody } from "#http/request-body.ts";
import { type AppRoute, route } from "#orgs/http/access.ts";
import { operatorOf } from "#orgs/http/operator-of.ts";
import { changeRedaction, currentRedaction } from "#redaction/change-redaction.ts";
import {
  RedactionSchema,
  redactionBody,
  redactionJson,
  redactionSettingsOf,
} from "./redaction-json.ts";

const PATH = "/v1/orgs/:org/redaction";
/** An entry, of 65,535 bytes, has what it was and what it is, and of both each backslash twice. */
const LIMIT = { bytesMax: 12_288 };
const REDACTION = { "application/json": RedactionSchema };

export const redactionRoutes: readonly AppRoute[] = [
  route(
    {
      method: "get",
      path: PATH,
      operationId: "getRedaction",
      summary: "What is redacted",
      scope: "org:admin",
      answers: { 200: { description: "The redaction in force", content: REDACTION } },
    },
    async (c) => c.json(redactionJson(await currentRedaction(c.env, c.var.org.org))),
  ),
  route(
    {
      method: "put",
      path: PATH,
      operationId: "replaceRedaction",
      summary: "Replace what is redacted",
      description:
        "What paths lead to, and what looks like a secret, is replaced by `[redacted]` or `[redacted:<kind>]` before " +
        "a payload is sealed, and, with `redact_details`, before an event's details are appended. Paths and the search " +
        "go into JSON within texts, and into base 64, a few layers deep. A rule holds for the calls of the workspace, plugin " +
        "and tool that it names. What is kept already stays as it is. In force within 60 s everywhere.",
      scope: "org:admin",
      body: jsonBody(redactionBody, LIMIT),
      answers: { 200: { description: "As replaced", content: REDACTION } },
      problems: [409],
    },
    async (c, { body }) => {
      const { org } = c.var;
      await changeRedaction(c.env, org, redactionSettingsOf(body), operatorOf(c, org.org));
      return c.json(redactionJson(await currentRedaction(c.env, org.org)));
    },
  ),
];
