/** The command line. What is wrong with it is a UsageError. */
import { Command, CommanderError } from "commander";
import { RETENTION_DAYS_MIN } from "#formats/ledger/evidence.ts";
import { parseDecimal } from "#formats/tlog/decimal.ts";
import { parseVkey, type VerifierKey } from "#formats/tlog/note-key.ts";
import { UsageError } from "./no-verdict.ts";

export interface OnlineOptions {
  readonly kind: "online";
  readonly url: string;
  readonly org: string;
  readonly tokenFile: string;
  /** Null: the one that the pinned key or the state names, else the org's current log. */
  readonly log: number | null;
}

export interface PackOptions {
  readonly kind: "pack";
  readonly file: string;
}

export interface FilesOptions {
  readonly kind: "files";
  readonly entries: string;
  readonly checkpoint: string;
  readonly keys: string | null;
  readonly cutovers: readonly string[];
  readonly prefix: string | null;
  readonly consistency: string | null;
  readonly fromSeq: number;
}

export interface VerifyOptions {
  readonly source: OnlineOptions | PackOptions | FilesOptions;
  readonly vkey: VerifierKey | null;
  readonly since: string | null;
  readonly state: string | null;
  readonly maxAgeMinutes: number | null;
  /** Days that every entry was promised, as is known from elsewhere than the log. */
  readonly retentionDaysMin: number;
  readonly isPartAccepted: boolean;
  readonly isJson: boolean;
}

const HELP = `
One of --url, --pack or --entries names what is verified.

Exit codes, the first that applies:
  40  INVALID      an entry, the tree or a signature is not what was signed
  30  DIVERGED     it contradicts a kept checkpoint: rollback, fork or rewrite
  50  INCOMPLETE   entries or evidence are missing, or were pruned before their time
  20  STALE        unsigned for more than 15 minutes, or older than --max-age
  10  UNPINNED     all is well, but no key that was had before vouches for it
   0  VERIFIED
  no verdict: 64  the command is wrong   69  the source cannot be reached
              70  the verifier broke     73  the state could not be written
`;

const ORG = /^[a-z0-9][a-z0-9-]{0,62}$/;

type Values = Record<string, string | boolean | string[] | undefined>;

/** Null if help was asked for, and given. */
export function parseOptions(args: readonly string[]): VerifyOptions | null {
  const command = describeCommand();
  try {
    command.parse(args, { from: "user" });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode === 0) return null;
    throw new UsageError(error.message.replace(/^error: /, ""));
  }
  const values = command.opts<Values>();
  return {
    source: sourceOptions(values),
    vkey: vkeyOption(text(values, "vkey")),
    since: text(values, "since"),
    state: text(values, "state"),
    maxAgeMinutes: countOption(values, "maxAge", "--max-age"),
    retentionDaysMin: countOption(values, "retention", "--retention") ?? RETENTION_DAYS_MIN,
    isPartAccepted: values["partial"] === true,
    isJson: values["json"] === true,
  };
}

function describeCommand(): Command {
  return new Command("verify")
    .description("Verifies an audit log: integrity, completeness, history, freshness, trust.")
    .option("--url <url>", "a deployment, e.g. https://mcpg.example.com")
    .option("--org <org>", "with --url")
    .option("--token-file <file>", "with --url: a service token with the scope audit:read")
    .option("--log <number>", "with --url: an earlier log of the org, or a later one")
    .option("--pack <file>", "an export pack (GET …/audit/export?format=pack)")
    .option("--entries <file>", "an NDJSON export")
    .option("--checkpoint <file>", "with --entries: the signed note that covers them")
    .option("--keys <file>", "with --entries: what GET …/audit/keys answers")
    .option("--cutover <files...>", "with --entries: checkpoints at which a key was rotated")
    .option("--prefix <file>", "with --entries: peaks of the tree before the first, a line each")
    .option("--consistency <file>", "with --entries: proof from where they end to the checkpoint")
    .option("--from-seq <seq>", "with --entries: index of the first (0)")
    .option("--vkey <vkey>", "the log's key, had from elsewhere than the log")
    .option("--since <file>", "a checkpoint of this log that was kept from before")
    .option("--state <file>", "keeps key and checkpoint of the last good run, and compares with it")
    .option("--max-age <minutes>", "how old the newest signed entry may be")
    .option(
      "--retention <days>",
      `how long entries are kept at least, as you were promised (${RETENTION_DAYS_MIN})`,
    )
    .option("--partial", "a part of the log is what was asked for")
    .option("--json", "the report as JSON")
    .addHelpText("after", HELP)
    .allowExcessArguments(false)
    .configureOutput({ writeErr: () => undefined })
    .exitOverride();
}

function sourceOptions(values: Values): VerifyOptions["source"] {
  const named = ["url", "pack", "entries"].filter((name) => values[name] !== undefined);
  if (named.length !== 1) throw new UsageError("give one of --url, --pack and --entries");
  const pack = text(values, "pack");
  if (pack !== null) return { kind: "pack", file: pack };
  return values["url"] === undefined ? filesOptions(values) : onlineOptions(values);
}

function onlineOptions(values: Values): OnlineOptions {
  const org = required(values, "org", "--org");
  if (!ORG.test(org)) throw new UsageError(`--org is no name of an org: ${org}`);
  const url = required(values, "url", "--url");
  if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol)) {
    throw new UsageError(`--url is no http or https URL: ${url}`);
  }
  const log = countOption(values, "log", "--log");
  if (log === 0) throw new UsageError("--log counts from 1");
  const tokenFile = required(values, "tokenFile", "--token-file");
  return { kind: "online", url: url.replace(/\/+$/, ""), org, tokenFile, log };
}

function filesOptions(values: Values): FilesOptions {
  return {
    kind: "files",
    entries: required(values, "entries", "--entries"),
    checkpoint: required(values, "checkpoint", "--checkpoint"),
    keys: text(values, "keys"),
    cutovers: (values["cutover"] as string[] | undefined) ?? [],
    prefix: text(values, "prefix"),
    consistency: text(values, "consistency"),
    fromSeq: countOption(values, "fromSeq", "--from-seq") ?? 0,
  };
}

function text(values: Values, name: string): string | null {
  const value = values[name];
  return typeof value === "string" ? value : null;
}

function required(values: Values, name: string, option: string): string {
  const value = text(values, name);
  if (value === null) throw new UsageError(`${option} is missing`);
  return value;
}

function countOption(values: Values, name: string, option: string): number | null {
  const value = text(values, name);
  if (value === null) return null;
  const count = parseDecimal(value);
  if (count === null) throw new UsageError(`${option} takes a whole number, got ${value}`);
  return count;
}

function vkeyOption(vkey: string | null): VerifierKey | null {
  if (vkey === null) return null;
  const key = parseVkey(vkey.trim());
  if (key === null) throw new UsageError(`--vkey is no Ed25519 verifier key: ${vkey}`);
  return key;
}
