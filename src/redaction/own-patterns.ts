/**
 * Secrets that the library does not know, or finds in another place than they are in (`aws` tells where the key's name
 * begins), or takes for placeholders: this service's own tokens, what a header authorises with, JSON Web Tokens, AWS's
 * keys and their ids, passwords in URLs and connection strings, and private keys, whole or cut off.
 *
 * Each takes time in proportion to the text: it begins where no other match of it can, or at a fixed text, and
 * repeats only what its end cannot be taken for.
 */
export const OWN_PATTERNS: readonly (readonly [name: string, pattern: RegExp])[] = [
  ["mcpg", /mcpgst_[0-9a-z]{16}_[0-9a-z]{52}_[0-9a-z]{7}/g],
  [
    "authorization",
    /\bauthorization["']?[ \t]{0,8}[:=][ \t]{0,8}["']?(?:Bearer|Basic|Token)[ \t]{1,8}[^\s"',;<>]{1,4096}/gi,
  ],
  ["authorization", /\b(?:Bearer|Basic)[ \t]{1,8}[A-Za-z0-9+/_.~-]{16,}=*/gi],
  ["basicauth", /(?<=[a-z0-9]:\/\/)[^\s/?#@:"'<>\\]{0,256}:[^\s/?#@"'<>\\]{1,256}(?=@)/gi],
  [
    "connection-string",
    /\b(?:password|pwd|accountkey|sharedaccesskey)[ \t]{0,4}=[ \t]{0,4}[^\s;"'&<>]{1,512}/gi,
  ],
  ["google", /\bAIza[\w-]{35}/g],
  ["openai", /\bsk-(?:proj|svcacct|admin)-[\w-]{32,512}/g],
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
