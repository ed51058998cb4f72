/**
 * Secrets that the library does not know, or finds in another place than they are in (`aws` tells where the key's name
 * begins), or takes for placeholders: this service's own tokens, what a header authorises with, JSON Web Tokens, AWS's
 * keys and their ids, and private keys, whole or cut off.
 *
 * Each takes time in proportion to the text: it begins where no other match of it can, or at a fixed text, and
 * repeats only what its end cannot be taken for.
 */
export const OWN_PATTERNS: readonly (readonly [name: string, pattern: RegExp])[] = [
  ["mcpg", /mcpgst_[0-9a-z]{16}_[0-9a-z]{52}_[0-9a-z]{7}/g],
  ["authorization", /\b(?:Bearer|Basic)[ \t]{1,8}[A-Za-z0-9+/_.~-]{16,}=*/gi],
  ["jwt", /(?<![\w-])eyJ[\w-]{8,}\.eyJ[\w-]{8,}\.[\w-]{8,}/g],
  ["aws", /\b(?:AKIA|ASIA)[A-Z0-9]{16}\b/g],
  [
    "aws",
    /secret_?access_?key["']?\s{0,8}(?::|=>|=)\s{0,8}["']?[A-Za-z0-9/+=]{40}(?![A-Za-z0-9/+=])/gi,
  ],
  [
    "privatekey",
    /-----BEGIN [A-Z ]{0,40}PRIVATE KEY(?: BLOCK)?-----[^-\0]*(?:-----END [A-Z ]{0,40}PRIVATE KEY(?: BLOCK)?-----)?/g,
  ],
];
