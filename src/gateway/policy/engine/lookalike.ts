/**
 * What a lax upstream may take two names for: it folds case, composes, trims. A name that no list has and that is
 * taken for one which a policy names is refused; what merely looks alike to people (a Cyrillic а) is another name to
 * every machine.
 */
export function lookalikeForm(name: string): string {
  return name
    .normalize("NFKC")
    .toLowerCase()
    .normalize("NFKC")
    .replace(/[\s\p{Cc}\p{Cf}\p{Default_Ignorable_Code_Point}]/gu, "");
}
