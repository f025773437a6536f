/** Every bound of the registry, by name. Crossing one is an error that says this name. */
export const registryLimits = {
  /** The most versions of one workflow. */
  versions: 1_000,
  /** The most versions that share new runs. */
  activeVersions: 10,
  /** How many choices of active versions back `rollback` can go. */
  rollbacks: 20,
  /** A definition whose text is longer, in UTF-8 bytes, goes to the blob port. */
  inlineBytes: 64 * 1024,
  /** How long another process may go by what was active before a change, in ms. */
  activeKeptMs: 2_000,
  /** Workflows whose active versions a process remembers so long. */
  keptStates: 1_000,
  /** Versions that a process keeps ready to run. */
  keptVersions: 200,
  /** The same, in characters of their texts. */
  keptChars: 16 * 1024 * 1024,
  /** How many versions a workflow is shown with; its history has all. */
  shownVersions: 100,
} as const;
