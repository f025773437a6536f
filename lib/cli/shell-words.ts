/** A command line that a POSIX shell splits into exactly these words. */
export function shellWords(words: readonly string[]): string {
  return words.map(quoted).join(' ');
}

function quoted(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}

/** The words without an option, in all of its spellings. `takesValue`: the word after it belongs to it. */
export function withoutOption(words: readonly string[], option: string, takesValue: boolean): string[] {
  const kept: string[] = [];
  for (let index = 0; index < words.length; index += 1) {
    const word = words[index] ?? '';
    if (word.startsWith(`${option}=`)) continue;
    if (word === option) index += takesValue ? 1 : 0;
    else kept.push(word);
  }
  return kept;
}
