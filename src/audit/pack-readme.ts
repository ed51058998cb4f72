/** The README of an export pack: how to verify it with openssl and coreutils, and nothing of ours. */
import type { SigningKey } from "#audit/signing/signing-key.ts";

interface PackSummary {
  origin: string;
  from: number;
  to: number;
  treeSize: number;
  keys: readonly SigningKey[];
}

export function packReadme({ origin, from, to, treeSize, keys }: PackSummary): string {
  const vkey = keys.findLast(({ fromSize }) => fromSize <= treeSize)?.vkey ?? "";
  return `# Audit log export

- log: \`${origin}\`
- entries: ${from} until before ${to}, one a line in \`entries.ndjson\`
- under the checkpoint of size ${treeSize}, in \`checkpoint\`
- key: \`${vkey}\`

A key that came with the pack proves only that the pack agrees with itself. Compare it with one that
you had before, or had from someone else than the one who gave you the pack.

## 1. The head's signature (OpenSSL 3)

The note's text ends before its blank line; a signature line holds four bytes of key id and then the
Ed25519 signature; a vkey holds one byte of type and then the public key.

\`\`\`sh
sed '/^$/,$d' checkpoint > note.txt
grep '^— ' checkpoint | tail -1 | cut -d' ' -f3 | base64 -d | tail -c 64 > note.sig
( printf '\\060\\052\\060\\005\\006\\003\\053\\145\\160\\003\\041\\000'
  echo '${vkey}' | cut -d+ -f3- | base64 -d | tail -c 32 ) > key.der
openssl pkeyutl -verify -pubin -keyform DER -inkey key.der -rawin -in note.txt -sigfile note.sig
\`\`\`

## 2. The chain (sha256sum)

An entry's hash is the SHA-256 of its line without the line end, and the next line names it as
\`previous_hash\`; that of entry 0 is 64 zeros. Nothing is printed when the chain is whole.

\`\`\`sh
previous=$(head -1 entries.ndjson | sed 's/.*"previous_hash":"\\([0-9a-f]*\\)".*/\\1/')
while IFS= read -r line; do
  case $line in *"\\"previous_hash\\":\\"$previous\\""*) ;; *) echo "broken at: $line" ;; esac
  previous=$(printf %s "$line" | sha256sum | cut -d' ' -f1)
done < entries.ndjson
\`\`\`

## 3. That these are the entries of that head

The root in \`checkpoint\` is that of the RFC 6962 tree whose leaves are these lines (without line ends),
after the complete subtrees in \`prefix\` (largest first) and before what \`consistency\` proves was added
from entry ${to} on. \`proofs/\` holds c2sp.org/tlog-proof proofs of the first and the last entry, which
any transparency-log tool reads. All of it at once:

\`\`\`sh
npm run verify -- --pack this.tar --vkey '<the vkey that you trust>'
\`\`\`
`;
}
