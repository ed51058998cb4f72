/** To the sign-in page, and from it back to where one was. */
import { goTo, place } from "#dashboard/place/place.ts";
import { signedIn } from "./session.ts";

/** The server knows of no session: whatever was known of it here is over. */
export function leaveForSignIn(): void {
  signedIn.value = { state: "out" };
  if (place.value.page === "sign-in") return;
  const here = location.pathname + location.search;
  goTo(`/sign-in?return=${encodeURIComponent(here)}`, { replace: true });
}
