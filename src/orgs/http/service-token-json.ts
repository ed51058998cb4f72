/** A service token on the wire. */
import * as Type from "typebox";
import { Compile } from "typebox/schema";
import { formatTimestamp } from "#formats/rfc3339.ts";
import { SCOPES } from "#orgs/principal.ts";
import type { ServiceToken } from "#orgs/service-token.ts";
import { PRINTABLE_TEXT } from "#platform/text-patterns.ts";

const Scopes = Type.Array(Type.Enum([...SCOPES]), { minItems: 1, maxItems: 32 });
const NullableTime = Type.Unsafe<string | null>({ type: ["string", "null"], format: "date-time" });
const NullableText = Type.Unsafe<string | null>({ type: ["string", "null"] });

const CreateServiceTokenSchema = Type.Object(
  {
    name: Type.String({ minLength: 1, maxLength: 128, pattern: PRINTABLE_TEXT }),
    scopes: Scopes,
    actor: Type.Optional(
      Type.Unsafe<string | null>({
        type: ["string", "null"],
        maxLength: 256,
        description:
          "`<kind>:<name>`, as in `service:gateway-1`; absent: `service:<the token's id>`. Reserved, and " +
          "refused: `operator:…`, `ledger:…`, and `service:` with 16 letters and digits, which is the token of that id",
      }),
    ),
    expires_at: Type.Optional(
      Type.Unsafe<string | number | null>({
        type: ["string", "integer", "null"],
        description: "RFC 3339 date-time, or integer epoch milliseconds; absent: never",
      }),
    ),
  },
  { additionalProperties: false, title: "WantedServiceToken" },
);

const token = {
  id: Type.String(),
  name: Type.String(),
  scopes: Scopes,
  actor: NullableText,
  created_at: Type.String({ format: "date-time" }),
  created_by: Type.String(),
  expires_at: NullableTime,
  revoked_at: NullableTime,
};

const ServiceTokenSchema = Type.Object(token, { title: "ServiceToken" });
export const NewServiceTokenSchema = Type.Object(
  { ...token, token: Type.String() },
  { title: "NewServiceToken" },
);
export const ServiceTokensSchema = Type.Object({
  service_tokens: Type.Array(ServiceTokenSchema),
  next_cursor: NullableText,
});

export const createServiceTokenBody = Compile(CreateServiceTokenSchema);

/** Names each member that it shows, so that the row's digest cannot slip out. */
export function serviceTokenJson(row: ServiceToken): Type.Static<typeof ServiceTokenSchema> {
  return {
    id: row.id,
    name: row.name,
    scopes: [...row.scopes],
    actor: row.actor,
    created_at: formatTimestamp(row.createdAtMs),
    created_by: row.createdBy,
    expires_at: row.expiresAtMs === null ? null : formatTimestamp(row.expiresAtMs),
    revoked_at: row.revokedAtMs === null ? null : formatTimestamp(row.revokedAtMs),
  };
}
