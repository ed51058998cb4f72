/** One entry: what it says, the very bytes that were hashed, its neighbours and its proof. */

import { CopyButton } from "#dashboard/parts/copy-button.tsx";
import { Hostile } from "#dashboard/parts/hostile.tsx";
import { PageTitle } from "#dashboard/parts/page-title.tsx";
import { Empty, Failed, Loading } from "#dashboard/parts/states.tsx";
import { Link } from "#dashboard/place/link.tsx";
import { hrefOf, place } from "#dashboard/place/place.ts";
import { parseEntryAnswer } from "#dashboard/proof/entry-answer.ts";
import { ProofMark } from "#dashboard/proof/proof-mark.tsx";
import { ProofPanel } from "#dashboard/proof/proof-panel.tsx";
import { wordsOf } from "#dashboard/proof/proof-words.ts";
import { type ProofState, useEntryProof } from "#dashboard/proof/use-entry-proof.ts";
import { parseCanonicalJson } from "#formats/canonical-json.ts";
import { memberText } from "./audit-answers.ts";
import { AuditOutcome } from "./audit-outcome.tsx";
import { auditRoot, entryIdOf, parseEntryId } from "./audit-query.ts";
import { EntryFacts } from "./entry-facts.tsx";
import { EntryPack } from "./entry-pack.tsx";
import { NoAuditScope } from "./no-audit-scope.tsx";
import { useAskText } from "./use-ask-text.ts";

export function EntryPage({ org }: { org: string }) {
  const asked = parseEntryId(place.value.id ?? "");
  if (asked !== null) return <AskedEntryPage org={org} {...asked} />;
  return (
    <>
      <PageTitle title="No such entry" />
      <Empty title="This is no address of an entry">
        <p>It ends in a log's name and an index, such as log/12.</p>
      </Empty>
    </>
  );
}

interface AskedEntryTerms {
  org: string;
  log: number;
  seq: number;
}

function AskedEntryPage({ org, log, seq }: AskedEntryTerms) {
  const { text, problem, retry } = useAskText(`${auditRoot(org)}/${seq}?log=${log}`);
  if (problem?.status === 403) return <NoAuditScope />;
  return (
    <>
      <PageTitle title={`Entry ${seq}${log > 1 ? ` of log ${log}` : ""}`} />
      <Neighbours {...{ log, seq }} />
      {text === null && problem === null && <Loading label="Fetching the entry" />}
      {problem !== null && <NoEntry {...{ problem, retry, seq }} />}
      {text !== null && <Answered {...{ org, log, seq, text }} />}
    </>
  );
}

function Answered({ org, log, seq, text }: AskedEntryTerms & { text: string }) {
  const entry = parseEntryAnswer(text);
  const isIt = entry?.seq === seq;
  const shown = { org, log, seq, shown: entry?.body ?? "", toldHash: entry?.hash ?? "" };
  const proof = useEntryProof(isIt ? shown : null);
  if (entry === null || !isIt) return <NotAnEntry text={text} />;
  return (
    <>
      <EntryHead body={entry.body} state={proof.state} />
      <EntryFacts body={entry.body} log={log} />
      <section aria-labelledby="entry-proof">
        <h2 id="entry-proof">Proof</h2>
        <ProofPanel entry={shown} proof={proof} />
      </section>
      <EntryPack {...{ org, log, seq }} state={proof.state} />
      <EntryBytes {...{ org, log, seq }} body={entry.body} hash={entry.hash} state={proof.state} />
    </>
  );
}

/** Who did what, and whether that is proven, before anything else. */
function EntryHead({ body, state }: { body: string; state: ProofState }) {
  const event = parseCanonicalJson(body) ?? {};
  const text = (name: string) => memberText(event, name) ?? "–";
  const { tone, word, told } = wordsOf(state);
  return (
    <div class={`entry-top ${tone === "bad" ? "notice notice-bad" : ""}`}>
      <p class="entry-head-line">
        <ProofMark tone={tone} word={word} />
        <span>
          <Hostile text={text("actor")} /> → <Hostile text={text("target")} />
        </span>
        <Hostile text={text("action")} isCode />
        <AuditOutcome event={event} />
      </p>
      {tone === "bad" && <p>{told}</p>}
    </div>
  );
}

function Neighbours({ log, seq }: { log: number; seq: number }) {
  const { query } = place.value;
  const to = (index: number) => hrefOf({ page: "entry", id: entryIdOf(log, index), query });
  return (
    <nav class="neighbours" aria-label="In the chain">
      {seq === 0 ? (
        <span class="muted">This is the first entry</span>
      ) : (
        <Link href={to(seq - 1)}>← Entry {seq - 1}</Link>
      )}
      <Link href={to(seq + 1)}>Entry {seq + 1} →</Link>
      <Link href={hrefOf({ page: "audit", query: withLog(query, log) })}>Back to the list</Link>
    </nav>
  );
}

/** A link to an entry alone has no list behind it but the log's. */
function withLog(query: ReadonlyMap<string, string>, log: number): ReadonlyMap<string, string> {
  return log === 1 || query.has("log") ? query : new Map([...query, ["log", String(log)]]);
}

interface NoEntryTerms {
  problem: Parameters<typeof Failed>[0]["problem"];
  retry(): void;
  seq: number;
}

function NoEntry({ problem, retry, seq }: NoEntryTerms) {
  if (problem.status === 410) {
    return (
      <Empty title={`Entry ${seq} was pruned`}>
        <p>
          Its retention is over. The log says so in an entry of its own, and its hashes stay in the
          tree.
        </p>
      </Empty>
    );
  }
  if (problem.status !== 404) return <Failed problem={problem} retry={retry} />;
  return (
    <Empty title={`There is no entry ${seq}`}>
      <p>The log ends before it.</p>
      <p>
        <button type="button" class="button" onClick={retry}>
          Look again
        </button>
      </p>
    </Empty>
  );
}

function NotAnEntry({ text }: { text: string }) {
  return (
    <div class="state state-bad" role="alert">
      <p class="state-title">What came is not this entry</p>
      <p>The answer has not the form of an entry of this index. Nothing of it is shown as one:</p>
      <p>
        <Hostile text={text.slice(0, 2_000)} isWhole isCode />
      </p>
    </div>
  );
}

interface EntryBytesTerms extends AskedEntryTerms {
  body: string;
  hash: string;
  state: ProofState;
}

function EntryBytes({ org, log, seq, body, hash, state }: EntryBytesTerms) {
  const name = `${org}-${log === 1 ? "log" : `log-${log}`}-${seq}.tlog-proof`;
  return (
    <section aria-labelledby="entry-bytes">
      <h2 id="entry-bytes">Bytes</h2>
      <p class="muted">
        Canonical JSON (RFC 8785), exactly as it was hashed: the leaf of the tree. Signs stand for
        characters that would not be seen; a copy has the characters.
      </p>
      <section class="entry-bytes" aria-label="Canonical bytes">
        <Hostile text={body} isWhole isCode />
      </section>
      <p class="proof-actions">
        <CopyButton text={body} label="Copy bytes" />
        <a
          class="button button-small"
          href={`${auditRoot(org)}/${seq}/proof?log=${log}`}
          download={name}
        >
          Download .tlog-proof
        </a>
      </p>
      <dl class="hashes">
        <Hash name="SHA-256, by the server" hash={hash} />
        {state.kind === "judged" && (
          <Hash name="SHA-256 of these bytes, by this page" hash={state.report.shownHash} />
        )}
      </dl>
    </section>
  );
}

function Hash({ name, hash }: { name: string; hash: string }) {
  return (
    <div>
      <dt class="muted">{name}</dt>
      <dd class="fact-copy">
        <code class="hash">{hash}</code>
        <CopyButton text={hash} label="Copy hash" />
      </dd>
    </div>
  );
}
