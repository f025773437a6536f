const shownFacts = 50;
const shownChars = 400;

/** Prints what a soak has counted, and what may not be. Answers with the exit code. `about`: how to find them again. */
export function sayFacts(counts: object, facts: readonly string[], about: string): number {
  console.log(JSON.stringify(counts));
  for (const fact of facts.slice(0, shownFacts)) console.log(fact.slice(0, shownChars));
  if (facts.length > shownFacts) console.log(`and ${facts.length - shownFacts} more`);
  if (facts.length > 0) console.log(`${facts.length} facts that may not be; ${about}`);
  return facts.length > 0 ? 1 : 0;
}
