/**
 * A made-up secret of each kind that is searched for: what must go, and the text by which it is known. Put together
 * here, so that no scanner of this repository takes them for real ones.
 */
const some = (characters: string, length: number) => characters.repeat(length).slice(0, length);
const MIXED = "a1B2c3D4e5F6g7H8";
const pem = (label: string, body: string) =>
  `-----BEGIN ${label}-----\n${body}\n-----END ${label}-----`;
const known = (kind: string, secret: string, text = secret): readonly [string, string, string] => [
  kind,
  secret,
  text,
];

export const SECRETS: readonly (readonly [kind: string, secret: string, text: string])[] = [
  known("github", `ghp_${some(MIXED, 36)}`),
  known("github", `github_pat_${some(MIXED, 82)}`),
  known("github", `ghs_123_${some(MIXED, 300)}.${some(MIXED, 900)}.${some(MIXED, 300)}`),
  known("gitlab", `glpat-${some(MIXED, 20)}`),
  known("slack", `xoxb-${some(MIXED, 12)}-${some(MIXED, 24)}`),
  known(
    "slack",
    `https://hooks.slack.com/services/T${some(MIXED, 9)}/B${some(MIXED, 9)}/${some(MIXED, 24)}`,
  ),
  known("npm", `npm_${some(MIXED, 36)}`),
  known("openai", `sk-${some(MIXED, 20)}T3BlbkFJ${some(MIXED, 20)}`),
  known("anthropic", `sk-ant-api03-${some(MIXED, 93)}AA`),
  known("groq", `gsk_${some(MIXED, 52)}`),
  known("huggingface", `hf_${some("aBcDeFgH", 34)}`),
  known("linear", `lin_api_${some(MIXED, 40)}`),
  known("notion", `ntn_12345678901${some(MIXED, 35)}`),
  known("sendgrid", `SG.${some(MIXED, 22)}.${some(MIXED, 43)}`),
  known("shopify", `shpat_${some(MIXED, 32)}`),
  known("stripe", `sk_live_${some(MIXED, 24)}`),
  known("grafana", `glsa_${some(MIXED, 32)}_0a1b2c3d`),
  known("hashicorp-vault", `hvs.${some(MIXED, 95)}`),
  known("vercel", `vcp_${some(MIXED, 24)}`),
  known("databricks", `dapi${some("0a1b2c3d4e5f6789", 32)}`),
  known("docker", `dckr_pat_${some(MIXED, 27)}`),
  known("figma", `figd_${some(MIXED, 40)}`),
  known("cloudflare", `cfut_${some(MIXED, 40)}0a1b2c3d`),
  known("tailscale", `tskey-auth-${some(MIXED, 17)}-${some(MIXED, 32)}`),
  known(
    "database-connection-string",
    "s3cr3tPassw0rd-of-db",
    "postgres://app:s3cr3tPassw0rd-of-db@db.internal:5432/main",
  ),
  known(
    "database-connection-string",
    "s3cr3tPassw0rd-of-db",
    "mongodb+srv://app:s3cr3tPassw0rd-of-db@db.internal/main",
  ),
  known(
    "basicauth",
    "s3cr3tPassw0rd-of-it",
    "https://bob:s3cr3tPassw0rd-of-it@api.internal.net/v1",
  ),
  ...[
    "redis://default:%@example.com:6379/0",
    "redis://:%@h:6379",
    "amqp://guest:%@h:5672",
    "https://u:%@h.example/x",
    "ftp://bob:%@h/",
    "postgresql://u:%@h/db",
  ].map((url) => known("basicauth", "s3cr3tPw", url.replace("%", "s3cr3tPw"))),
  known("connection-string", "Passw0rd!", "sqlserver://h;user=sa;password=Passw0rd!"),
  known("connection-string", some(MIXED, 86), `AccountName=a;AccountKey=${some(MIXED, 86)}==`),
  known("google", `AIza${some(MIXED, 35)}`),
  known("openai", `sk-proj-${some(MIXED, 48)}`),
  known("authorization", "dXNlcjpwYXNz", "authorization: Basic dXNlcjpwYXNz"),
  known("1password", opsToken()),
  known(
    "privatekey",
    some(`MIIE${MIXED}`, 1_600),
    pem("RSA PRIVATE KEY", some(`MIIE${MIXED}`, 1_600)),
  ),
  known("privatekey", some(`MHcC${MIXED}`, 160), pem("EC PRIVATE KEY", some(`MHcC${MIXED}`, 160))),
  known(
    "privatekey",
    some(`MIIE${MIXED}`, 800),
    `-----BEGIN PRIVATE KEY-----\n${some(`MIIE${MIXED}`, 800)}`,
  ),
  known("aws", some(`/+${MIXED}`, 40), `AWS_SECRET_ACCESS_KEY="${some(`/+${MIXED}`, 40)}"`),
  known("aws", "AKIAQ7Z2M4X6C8V1B3N5"),
  known("mcpg", `mcpgst_${some("0a1b2c3d", 16)}_${some("0a1b2c3d", 52)}_0a1b2c3`),
  known("authorization", some(MIXED, 32), `Authorization: Bearer ${some(MIXED, 32)}`),
  known("authorization", some(MIXED, 32), `authorization: basic ${some(MIXED, 32)}==`),
  known("jwt", `eyJ${some(MIXED, 33)}.eyJ${some(MIXED, 80)}.${some(MIXED, 43)}`),
];

/** As a 1Password service account's: JSON of these members in base 64. */
function opsToken(): string {
  const account = {
    ...{ email: "a@1passwordserviceaccounts.com", muk: { alg: "A256GCM", k: some(MIXED, 43) } },
    ...{
      secretKey: "A3-C4ZJMN-PQTZTL",
      srpX: some("0a1b2c3d", 64),
      signInAddress: "x.1password.com",
    },
    userAuth: {
      method: "SRPg-4096",
      alg: "PBES2g-HS256",
      iterations: 100_000,
      salt: some(MIXED, 22),
    },
  };
  // The rule looks for a brace that stands alone in the last group of four.
  const text = JSON.stringify(account);
  return `ops_${btoa(text.replace('"email":', `"email":${" ".repeat((4 - (text.length % 3)) % 3)}`))}`;
}
