/** What an org pays for; the defaults that follow from it stand where they are used. */
export const TIERS = ["community", "pro", "team", "enterprise"] as const;
export type Tier = (typeof TIERS)[number];

export function isTier(value: string): value is Tier {
  return (TIERS as readonly string[]).includes(value);
}
