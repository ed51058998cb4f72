/** Who is signed in, and what is a reader's own choice in this browser. */
import { useState } from "preact/hooks";
import { type Session, signedIn, signOut } from "#dashboard/api/session.ts";
import { Age } from "#dashboard/parts/age.tsx";
import { formatTime, zoneName } from "#dashboard/parts/format-figure.ts";
import { Hostile } from "#dashboard/parts/hostile.tsx";
import { Menu } from "#dashboard/parts/menu.tsx";
import { announce } from "#dashboard/parts/status.tsx";
import { Link } from "#dashboard/place/link.tsx";
import { goTo, place } from "#dashboard/place/place.ts";
import { zoneOf } from "#dashboard/place/time-range.ts";
import { hasShortcuts, isHelpOpen, scheme, setScheme, setShortcuts } from "./choices.ts";

export function SessionMenu() {
  const signed = signedIn.value;
  const session = signed.state === "in" ? signed.session : null;
  return (
    <div class="session-menu">
      <Menu label={session === null ? "Display" : "Account"} align="end">
        {(close) => (
          <div class="stack">
            {session !== null && <SignedInAs session={session} onDone={close} />}
            <SchemeChoice />
            <ShortcutChoice onDone={close} />
          </div>
        )}
      </Menu>
    </div>
  );
}

function SignedInAs({ session, onDone }: { session: Session; onDone: () => void }) {
  const { principal, org, expires_at, created_at } = session;
  const [isFailed, setIsFailed] = useState(false);
  const zone = zoneOf(place.value.query);
  const expiresMs = Date.parse(expires_at);
  const leave = async () => {
    if ((await signOut()) !== null) return setIsFailed(true);
    onDone();
    announce("Signed out");
    goTo("/sign-in", { replace: true });
  };
  return (
    <>
      <dl class="facts">
        <dt>Token</dt>
        <dd>
          <Hostile text={principal.name} isWhole />
        </dd>
        <dt>Acts as</dt>
        <dd>
          <Hostile text={principal.actor} isWhole isCode />
        </dd>
        <dt>Sees</dt>
        <dd>{org === null ? "every org" : <Hostile text={org} isWhole />}</dd>
        <dt>Signed in</dt>
        <dd>
          <Age atMs={Date.parse(created_at)} />, until {formatTime(expiresMs, zone, "min")}{" "}
          <span class="muted">{zoneName(expiresMs, zone)}</span>
        </dd>
      </dl>
      {isFailed && (
        <p class="problem" role="alert">
          The server did not end the session: try again.
        </p>
      )}
      <div class="buttons">
        {org === null && <Link href="/">Other orgs</Link>}
        <button type="button" class="button" onClick={leave}>
          Sign out
        </button>
      </div>
      <hr />
    </>
  );
}

function SchemeChoice() {
  return (
    <fieldset class="choice">
      <legend>Colours</legend>
      {(["system", "light", "dark"] as const).map((one) => (
        <label key={one}>
          <input
            type="radio"
            name="scheme"
            checked={scheme.value === one}
            onChange={() => setScheme(one)}
          />
          {one === "system" ? "As the system" : one === "light" ? "Light" : "Dark"}
        </label>
      ))}
    </fieldset>
  );
}

function ShortcutChoice({ onDone }: { onDone: () => void }) {
  return (
    <>
      <label class="check">
        <input
          type="checkbox"
          checked={hasShortcuts.value}
          onChange={(event) => setShortcuts(event.currentTarget.checked)}
        />
        Single-key shortcuts
      </label>
      <button
        type="button"
        class="button button-small"
        onClick={() => {
          onDone();
          isHelpOpen.value = true;
        }}
      >
        Which keys
      </button>
    </>
  );
}
