import { rules } from "@secretlint/secretlint-rule-preset-recommend";
import { describe, expect, it } from "vitest";
import { parseJsonPath } from "#redaction/json-path.ts";
import { redactText } from "#redaction/redact-text.ts";
import { SECRETS } from "./secrets.ts";

const redacted = (text: string) => redactText(text, { paths: [], detectsSecrets: true });
const utf8 = (text: string) => String.fromCharCode(...new TextEncoder().encode(text));

/** No run of eight characters of it is left, that is: nothing that helps to guess it. */
function remainsOf(secret: string, text: string): string[] {
  const runs = Array.from({ length: secret.length - 7 }, (_, at) => secret.slice(at, at + 8));
  return runs.filter((run) => text.includes(run));
}

describe("A secret", () => {
  it.each(SECRETS)(
    "of %s goes whole: plain, in JSON, in JSON in a text, in base 64, as a name",
    (_, secret, text) => {
      const nested = JSON.stringify({
        content: [{ text: JSON.stringify({ note: `see ${text} there` }) }],
      });
      const ways = [
        text,
        `before ${text} after`,
        JSON.stringify({ a: [1, { b: text }] }),
        nested,
        JSON.stringify({ a: btoa(utf8(`é ${text}`)) }),
        JSON.stringify({
          a: btoa(nested).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, ""),
        }),
        JSON.stringify({ a: `data:text/plain;base64,${btoa(text)} end` }),
        JSON.stringify({ [text]: 1 }),
        JSON.stringify({ [text]: { a: "text" } }),
      ];
      for (const way of ways) {
        const left = redacted(way);
        expect([way, remainsOf(secret, left), remainsOf(btoa(secret).slice(4, -4), left)]).toEqual([
          way,
          [],
          [],
        ]);
      }
    },
  );

  it("is known by the name of its member", () => {
    const secret = "aB3dE5gH7jK9mN1pQ3sT5vW7yZ9bC1dE3fG5hJ7k";
    const text = JSON.stringify({ aws_secret_access_key: secret, other: secret });
    expect(JSON.parse(redacted(text))).toEqual({
      aws_secret_access_key: "[redacted:aws]",
      other: secret,
    });
  });

  it("is not spared by a comment that says so", () => {
    const [, secret] = SECRETS[0]!;
    const text = `/* secretlint-disable */ ${secret} // secretlint-disable-line`;
    expect(remainsOf(secret, redacted(text))).toEqual([]);
  });

  it("takes nothing of its neighbours with it, and no name is lost to another", () => {
    const [, secret] = SECRETS[0]!;
    const value = {
      a: `x ${secret} y`,
      b: "-----BEGIN EC PRIVATE KEY-----\nMHcCAQEE",
      c: "kept",
      [secret]: 1,
      [`${secret} `]: 2,
      redacted: 3,
    };
    expect(JSON.parse(redacted(JSON.stringify(value)))).toEqual({
      a: "x [redacted:github] y",
      b: "[redacted:privatekey]",
      c: "kept",
      redacted: 3,
      "redacted-1": 1,
      "redacted-2": 2,
    });
  });

  it("is of a kind that each rule of the library is tried for", () => {
    const tried = new Set(SECRETS.map(([kind]) => kind));
    const kinds = rules.map(({ meta }) => meta.id.replace("@secretlint/secretlint-rule-", ""));
    expect(kinds.filter((kind) => !tried.has(kind))).toEqual(["gcp", "filter-comments"]);
  });
});

describe("A text without secrets", () => {
  it.each([
    "",
    "{}",
    '{ "a" : 1.0, "b":"\\u0041" }',
    "[1e400]",
    '{"a":1,"a":2}',
    "not { json",
    '"text"',
    "SGVsbG8gd29ybGQsIGhvdyBhcmUgeW91Pw==",
    '{"id":"0193a0f2-7d3c-7000-8000-000000000000","hash":"9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"}',
    `${"[".repeat(200)}${"]".repeat(200)}`,
  ])("comes back as it was, to the byte: %j", (text) => {
    expect(redacted(text)).toBe(text);
  });

  it("that lies however deep is found", () => {
    const [, secret] = SECRETS[0]!;
    const deep = (text: string, depth: number) =>
      `${"[".repeat(depth)}"${text}"${"]".repeat(depth)}`;
    expect(redacted(deep(secret, 1_000))).toBe(deep("[redacted:github]", 1_000));
    for (const depth of [10_000, 100_000]) {
      expect(redacted(deep("none", depth))).toBe(deep("none", depth));
      expect(redacted(deep(secret, depth))).not.toContain("ghp_");
    }
  });

  it("that is JSON cut in two is searched behind its escapes too", () => {
    for (const [kind, secret, text] of SECRETS) {
      const cut = `{"content":[{"text":"x\\n${JSON.stringify(text).slice(1, -1)}\\ny","n`;
      expect([kind, remainsOf(secret, redacted(cut))]).toEqual([kind, []]);
    }
  });
});

describe("Paths", () => {
  it("that a text has too many places for take the text as a whole", () => {
    const names = Array.from({ length: 64 }, (_, n) => n);
    const paths = names.map((n) => {
      const path = parseJsonPath(`$..a${n}..b${n}`);
      if (typeof path === "string") throw new Error(path);
      return path;
    });
    const numbers = JSON.stringify(Array.from({ length: 240_000 }, () => 7));
    const nested = `${names.map((n) => `{"a${n}":`).join("")}${numbers}${"}".repeat(64)}`;
    expect(redactText(JSON.stringify(nested), { paths, detectsSecrets: false })).toBe(
      '"[redacted]"',
    );
    const small = '{"a1":{"b1":1,"c":[1,2,3]}}';
    expect(redactText(small, { paths, detectsSecrets: false })).toBe(
      '{"a1":{"b1":"[redacted]","c":[1,2,3]}}',
    );
  });
});
