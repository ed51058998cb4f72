/** Asks why somebody looks: without a reason there is no view. */
import { useState } from "preact/hooks";
import { Dialog } from "#dashboard/parts/dialog.tsx";

const REASON_LENGTH_MAX = 256;

interface ReasonDialogTerms {
  isOpen: boolean;
  onClose(): void;
  onGive(reason: string): void;
}

export function ReasonDialog({ isOpen, onClose, onGive }: ReasonDialogTerms) {
  const [reason, setReason] = useState("");
  const give = (event: SubmitEvent) => {
    event.preventDefault();
    // One line: an entry has no others.
    const line = reason.replaceAll(/\s+/g, " ").trim();
    if (line !== "") onGive(line);
  };
  return (
    <Dialog title="Why do you look at this payload?" isOpen={isOpen} onClose={onClose}>
      <form class="dialog-form" onSubmit={give}>
        <label for="payload-reason">
          Reason, as it is recorded with your name in the audit log
        </label>
        <textarea
          id="payload-reason"
          class="input"
          rows={3}
          required
          maxLength={REASON_LENGTH_MAX}
          value={reason}
          onInput={({ currentTarget }) => setReason(currentTarget.value)}
        />
        <p class="dialog-actions">
          <button type="button" class="button" onClick={onClose}>
            Cancel
          </button>
          <button type="submit" class="button button-main">
            Record and view
          </button>
        </p>
      </form>
    </Dialog>
  );
}
