import { describe, expect, it } from "vitest";
import { parseYaml } from "#http/read-yaml.ts";
import { call } from "../harness/deployment.ts";
import { makeOrg } from "../harness/orgs.ts";

const refusal = (text: string) => expect(() => parseYaml(text)).toThrow("malformed_body");

describe("A YAML body", () => {
  it("is read with comments, flow and block forms, and scalars that begin like anchors", () => {
    const text = `# how
a: { b: "&x *y [ { ! \\u00e9 \\\\", c: '*' }   # where
d: |
  &x *y
e: x &y *z
f: >-
  [[[[
g: [1, true, null, "é"]
`;
    expect(parseYaml(text)).toEqual({
      a: { b: "&x *y [ { ! é \\", c: "*" },
      d: "&x *y\n",
      e: "x &y *z",
      f: "[[[[",
      g: [1, true, null, "é"],
    });
  });

  it.each([
    ["an anchor", "a: &x 1"],
    ["an alias", "a: *x"],
    ["a tag", "a: !t 1"],
    ["an escape that is none", 'a: "\\q"'],
    ["an escape cut short", 'a: "\\x4"'],
    ["no code point", 'a: "\\U00110000"'],
    ["a second document", "a: 1\n---\nb: 2"],
    ["a key twice", "a: 1\na: 2"],
    ["a merge of an alias", "a: { b: 1 }\n<<: *a"],
  ])("is refused with %s", (_, text) => refusal(text));

  it.each([
    ["brackets", `${"[".repeat(40)}${"]".repeat(40)}`],
    ["braces", `${"{a: ".repeat(40)}1${"}".repeat(40)}`],
    ["dashes", `${"- ".repeat(40)}1`],
    ["question marks", `${"? ".repeat(40)}1`],
    ["indents", Array.from({ length: 40 }, (_, depth) => `${" ".repeat(depth)}a:`).join("\n")],
  ])("is refused where it is nested deeper than any settings, by %s", (_, text) => refusal(text));

  it("is refused where it has more tokens than any settings, though all of it be sound", () => {
    const keys = (count: number) => Array.from({ length: count }, (_, key) => `k${key}: 1`);
    expect(Object.keys(parseYaml(keys(500).join("\n")) as object)).toHaveLength(500);
    refusal(keys(1_000).join("\n"));
    refusal(`{${keys(1_000).join()}}`);
    refusal("# comment\n".repeat(5_000));
  });

  it("is refused beyond 64 KiB, whatever it says", async () => {
    const headers = { "content-type": "application/yaml" };
    const put = async (body: string) =>
      call("PUT", `/v1/orgs/${await makeOrg()}/observability`, { body, headers });
    expect((await put(`audit: {}${" ".repeat(65_000)}`)).status).toBe(200);
    expect((await put(`audit: {}${" ".repeat(66_000)}`)).status).toBe(413);
  });

  // Each took 0.25 s to minutes, or ended the isolate.
  it.each([
    "[",
    "{",
    "[{",
    "{a: ",
    "- ",
    "? ",
    "- - ",
    ": ",
    "&a ",
    "*a ",
    "! ",
    "---\n",
    "?\n",
    '"\\q',
  ])("of nothing but %j is refused before it is composed", (text) =>
    refusal(text.repeat(65_536 / text.length)),
  );
});
