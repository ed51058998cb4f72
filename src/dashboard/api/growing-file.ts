/**
 * A file that is written while what is in it is still being read. Where the browser lets a page do so (Chromium's
 * showSaveFilePicker) its text goes to the reader's disk as it comes, and the page holds none of it; elsewhere it is
 * held here until it is whole, and so it is bounded. Either way a file is all of it or none.
 */
import { saveFile } from "./save-file.ts";

export interface GrowingFile {
  /** Null where the disk is the bound. */
  readonly charsMax: number | null;
  write(text: string): Promise<void>;
  /** Now the file is there. */
  finish(): Promise<void>;
  /** And now there is none. */
  discard(): Promise<void>;
}

/** About 400,000 calls. A tab is ended by its browser at a few gigabytes, a telephone's far sooner. */
const HELD_CHARS_MAX = 256 * 1024 * 1024;

/** Not in the standard library's types: https://wicg.github.io/file-system-access/#api-showsavefilepicker */
interface PickingWindow {
  showSaveFilePicker?(options: { suggestedName: string }): Promise<FileSystemFileHandle>;
}

/** Null if the reader, who is asked where to put it, wants none. To be called as a click is handled. */
export async function openFile(name: string, type: string): Promise<GrowingFile | null> {
  const { showSaveFilePicker } = globalThis as PickingWindow;
  if (showSaveFilePicker === undefined) return heldFile(name, type);
  try {
    const handle = await showSaveFilePicker({ suggestedName: name });
    return writtenFile(handle, await handle.createWritable());
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") return null;
    return heldFile(name, type);
  }
}

/** The browser writes beside the file, which is empty since it was picked, and puts that in its place at the end. */
function writtenFile(
  handle: FileSystemFileHandle & { remove?(): Promise<void> },
  stream: FileSystemWritableFileStream,
): GrowingFile {
  return {
    charsMax: null,
    write: (text) => stream.write(text),
    finish: () => stream.close(),
    discard: async () => {
      await stream.abort();
      await handle.remove?.();
    },
  };
}

function heldFile(name: string, type: string): GrowingFile {
  const parts: Blob[] = [];
  return {
    charsMax: HELD_CHARS_MAX,
    write: async (text) => void parts.push(new Blob([text])),
    finish: async () => saveFile(new Blob(parts, { type }), name),
    discard: async () => void parts.splice(0),
  };
}
