/**
 * The README of an export pack: how to verify it with OpenSSL and a shell, and nothing of ours. It is all of
 * `log.json` and a key, so that the verifier can tell it from any other text: an auditor pastes its commands.
 *
 * Once released a text stays, and a later one is put beside it: packs are kept for years.
 *
 * The commands keep to what a Debian and a macOS have in common: no sha256sum, no base64, no xxd. They do
 * not rest on `set -e`, which a shell ignores wherever what fails is a condition.
 */
import type { AskedTime, ExportSummary } from "./evidence.ts";

/** The key by which `step 1` verifies the head: the newest that signs this size. */
export function vkeyOfHead(
  keys: readonly { readonly vkey: string; readonly fromSize: number }[],
  treeSize: number,
): string {
  return keys.findLast(({ fromSize }) => fromSize <= treeSize)?.vkey ?? "";
}

export function packReadme(summary: ExportSummary, vkey: string): string {
  const { fromSeq, toSeq } = summary;
  const steps = fromSeq === toSeq ? [NO_ENTRIES] : [chainStep(fromSeq), inclusionStep(summary)];
  return [introduction(summary, vkey), signatureStep(vkey), ...steps, command(summary)].join("\n");
}

function introduction(
  { origin, fromSeq, toSeq, treeSize, minimumIndex, time }: ExportSummary,
  vkey: string,
): string {
  return `# Audit log export

- log: \`${origin}\`, which begins at entry ${minimumIndex}
- entries: ${fromSeq} until before ${toSeq}, one a line in \`entries.ndjson\`${askedBy(time)}
- under the checkpoint of size ${treeSize}, in \`checkpoint\`
- key: \`${vkey}\`

A key that came with the pack proves only that the pack agrees with itself. Compare it with one that
you had before, or had from someone else than the one who gave you the pack. So it is with the commands
below: they are the same in every pack, but for the key and the numbers.

They take a POSIX shell and OpenSSL 3, in the folder to which the pack was extracted. Each step ends in a
line that begins with \`ok\`. One that does not has failed, and then the entries prove nothing.
`;
}

/** That there are no others of the time no part of a log proves: an event says by itself when it occurred. */
function askedBy(time: AskedTime | undefined): string {
  if (time === undefined) return "";
  const from = time.from === null ? "" : ` from ${time.from}`;
  const to = time.to === null ? "" : ` before ${time.to}`;
  return `
- asked for by time: from the first to the last that occurred, else was recorded,${from}${to}; what lies
  between them may be of other times`;
}

function signatureStep(vkey: string): string {
  return `## 1. The head's signature

The note's text ends before its blank line; a signature line holds four bytes of key id and then the
Ed25519 signature; a vkey holds one byte of type and then the public key.

\`\`\`sh
( export LC_ALL=C
must() { "$@" || { echo "FAILED: $*"; exit 1; }; }
vkey='${vkey}'
origin=\${vkey%%+*}; id=\${vkey#*+}; id=\${id%%+*}
sed '/^$/,$d' checkpoint > note.txt
must [ "$(head -n 1 note.txt)" = "$origin" ]
{ printf '\\060\\052\\060\\005\\006\\003\\053\\145\\160\\003\\041\\000'
  printf '%s\\n' "\${vkey#*+*+}" | openssl base64 -d | tail -c 32; } > key.der
rm -f note.sig
sed '1,/^$/d' checkpoint | while read -r dash name signature; do
  printf '%s\\n' "$signature" | openssl base64 -d -A > line.sig
  if [ "$name $(head -c 4 line.sig | od -An -v -tx1 | tr -d ' ')" = "$origin $id" ]
  then tail -c 64 line.sig > note.sig; fi
done
must openssl pkeyutl -verify -pubin -keyform DER -inkey key.der -rawin -in note.txt -sigfile note.sig
echo "ok: the key $id signed $(tr '\\n' ' ' < note.txt)" )
\`\`\`
`;
}

function chainStep(fromSeq: number): string {
  const [what, previous] =
    fromSeq === 0
      ? ["that of entry 0 is 64 zeros", "0".repeat(64)]
      : [`the first line names that of entry ${fromSeq - 1}`, "$(head -n 1 named)"];
  return `## 2. The chain

An entry's hash is the SHA-256 of its line without the line end, and the next line names it as
\`previous_hash\`, the last member of that name in the line; ${what}. This
makes a file of each line for a while.

\`\`\`sh
( export LC_ALL=C
must() { "$@" || { echo "FAILED: $*"; exit 1; }; }
must [ $(tr -cd '\\000' < entries.ndjson | wc -c) -eq 0 ]
sed 's/.*"previous_hash":"\\([0-9a-f]*\\)".*/\\1/' entries.ndjson > named
rm -rf lines; mkdir lines
awk 'BEGIN { ORS = "" } { line = sprintf("lines/%09d", NR); print > line; close(line) }' entries.ndjson
find lines -type f | sort | xargs openssl dgst -sha256 -r | cut -d ' ' -f 1 > hashes
rm -r lines
{ echo "${previous}"; cat hashes; } | sed '$d' > expected
must cmp expected named
echo "ok: each line follows the one before, and the last has the hash $(tail -n 1 hashes)" )
\`\`\`
`;
}

function inclusionStep({ fromSeq, toSeq }: ExportSummary): string {
  return `## 3. That these are the entries of that head

Step 2 ties every line to the last one, this ties the last one to the head that step 1 verified: from the
hash of its leaf and those of \`proofs/${toSeq - 1}.tlog-proof\` it computes the root (RFC 9162 §2.1.3.2).

\`\`\`sh
( export LC_ALL=C
must() { "$@" || { echo "FAILED: $*"; exit 1; }; }
sha256() { openssl dgst -sha256 -binary | openssl base64; }
node() { { printf '\\001'; for half; do printf '%s\\n' "$half" | openssl base64 -d; done; } | sha256; }
from=${fromSeq} to=${toSeq} size=$(sed -n 2p note.txt)
must [ $(wc -l < entries.ndjson) -eq $((to - from)) ]
must [ "$to" -le "$size" ]
index=$((to - 1)) end=$((size - 1))
hash=$({ printf '\\000'; tail -n 1 entries.ndjson | tr -d '\\n'; } | sha256)
for sibling in $(sed '1,2d;/^$/,$d' "proofs/$index.tlog-proof"); do
  must [ $end -gt 0 ]
  if [ $((index % 2)) -eq 1 ] || [ $index -eq $end ]; then
    hash=$(node "$sibling" "$hash")
    while [ $((index % 2)) -eq 0 ] && [ $index -gt 0 ]; do index=$((index / 2)) end=$((end / 2)); done
  else hash=$(node "$hash" "$sibling"); fi
  index=$((index / 2)) end=$((end / 2))
done
must [ $end -eq 0 ]
must [ "$hash" = "$(sed -n 3p note.txt)" ]
echo "ok: entries $from to $((to - 1)) are those of the log of $size entries" )
\`\`\`
`;
}

const NO_ENTRIES = `The pack holds no entries: there is no more to verify by hand.
`;

function command({ fromSeq, toSeq, treeSize, minimumIndex }: ExportSummary): string {
  const isPart = fromSeq > minimumIndex || toSeq < treeSize;
  return `## All of it at once, and more

The verifier recomputes the whole tree: after the complete subtrees in \`prefix\` (largest first) come the
leaves, which are these lines (without line ends), and then what \`consistency\` proves was added from entry
${toSeq} on. It takes the tar itself, and refuses whatever is not of such a pack. In a copy of its source:

\`\`\`console
$ npm run verify -- --pack this.tar${isPart ? " --partial" : ""} --vkey '<the vkey that you trust>'
\`\`\`

\`proofs/\` are c2sp.org/tlog-proof proofs, which any transparency-log tool reads; \`checkpoints/\` are the
heads that a former key and its successor both signed.
`;
}
