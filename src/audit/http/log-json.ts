/** A log on the wire. */
import * as Type from "typebox";
import { DeletionSchema } from "#orgs/http/deletion-json.ts";

const NullableText = Type.Unsafe<string | null>({ type: ["string", "null"] });
const NullableInteger = Type.Unsafe<number | null>({ type: ["integer", "null"] });

const ScrubSchema = Type.Object(
  {
    last_full_pass: Type.Unsafe<{ completed_at: string; size: number } | null>({
      type: ["object", "null"],
      description: "When all of the log was last proven anew, and how many entries it had",
      properties: {
        completed_at: { type: "string", format: "date-time" },
        size: { type: "integer" },
      },
      required: ["completed_at", "size"],
    }),
    pass_under_way: Type.Unsafe<{ started_at: string; position: number; size: number } | null>({
      type: ["object", "null"],
      description: "Entries below `position` are proven by it, of `size`",
      properties: {
        started_at: { type: "string", format: "date-time" },
        position: { type: "integer" },
        size: { type: "integer" },
      },
      required: ["started_at", "position", "size"],
    }),
    next_pass_at: NullableText,
    mended: Type.Unsafe<{ bundles: number; last_at: string } | null>({
      type: ["object", "null"],
      description:
        "Bundles of 256 entries whose index of times and ids was not what the entries say, and was written " +
        "anew: until then a search by time or id may have left some of them out, an export none",
      properties: {
        bundles: { type: "integer" },
        last_at: { type: "string", format: "date-time" },
      },
      required: ["bundles", "last_at"],
    }),
  },
  { title: "Scrub" },
);

export type ScrubJson = Type.Static<typeof ScrubSchema>;

export const LogStatusSchema = Type.Object(
  {
    origin: Type.String(),
    log: Type.Integer(),
    tree_size: Type.Integer(),
    head: Type.Unsafe<{ seq: number; hash: string } | null>({
      type: ["object", "null"],
      properties: { seq: { type: "integer" }, hash: { type: "string" } },
      required: ["seq", "hash"],
    }),
    checkpoint: Type.Unsafe<{ size: number; signed_at: string } | null>({
      type: ["object", "null"],
      properties: {
        size: { type: "integer" },
        signed_at: { type: "string", format: "date-time" },
      },
      required: ["size", "signed_at"],
    }),
    unsigned_entries: Type.Integer(),
    unsigned_since: Type.Unsafe<string | null>({
      type: ["string", "null"],
      format: "date-time",
      description: "When the first of the unsigned entries was recorded",
    }),
    minimum_index: Type.Integer(),
    frozen: Type.Boolean(),
    frozen_reason: NullableText,
    frozen_at: Type.Unsafe<string | null>({ type: ["string", "null"], format: "date-time" }),
    successor: NullableInteger,
    misconfigured: Type.Unsafe<string | null>({
      type: ["string", "null"],
      description:
        "The setting that keeps the log from being signed, e.g. MCPG_LEDGER_SEED, or MCPG_ORIGIN where " +
        "it is not the host name that the log was signed under",
    }),
    seed: Type.String({
      description: "The setting that the log's current key derives from, e.g. MCPG_LEDGER_SEED_2",
    }),
    removable_seeds: Type.Array(Type.String(), {
      description:
        "Earlier seeds of the deployment that no log's current key derives from any more, nor one on its way: " +
        "they may be removed from its settings",
    }),
    holds: Type.Integer({ description: "Legal holds in force" }),
    recorded_ahead_until: Type.Unsafe<string | null>({
      type: ["string", "null"],
      format: "date-time",
      description:
        "The clock was ahead: entries carry this time until it has come, or until `POST /clock`",
    }),
    deletion: DeletionSchema,
    retention: Type.Object(
      {
        days: Type.Integer(),
        ranges: Type.Array(Type.Object({ from_seq: Type.Integer(), days: Type.Integer() })),
      },
      {
        description:
          "`days` are in force now; entries from `from_seq` on, up to the next range, were promised " +
          "the days of their range. The larger number holds",
      },
    ),
    scrub: ScrubSchema,
  },
  { title: "LogStatus" },
);

export type LogStatusJson = Type.Static<typeof LogStatusSchema>;

export const SigningKeysSchema = Type.Object(
  {
    keys: Type.Array(
      Type.Object(
        { vkey: Type.String(), from_size: Type.Integer(), to_size: NullableInteger },
        { title: "SigningKey" },
      ),
    ),
  },
  { title: "SigningKeys" },
);
