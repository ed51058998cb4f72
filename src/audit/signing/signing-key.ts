/** A log's signing keys, oldest first, and the tree sizes that each signs. */

export interface SigningKey {
  vkey: string;
  fromSize: number;
  /** Null for the key in use. The next one signs this size too, so that a verifier can cross over. */
  toSize: number | null;
  /** The checkpoint of `toSize`, signed by both keys: it covers the entry that names the next key. */
  checkpoint: string | null;
}

/** The name by which a key is derived: nothing else of it is stored. */
export interface KeyName {
  origin: string;
  /** 1, then one more for each rotation. */
  epoch: number;
  seedVersion: number;
}
