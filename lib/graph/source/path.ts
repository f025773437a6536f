/** Where a value stands in a text, from the inside out. Undefined is the whole. */
export interface Path {
  parent: Path | undefined;
  key: string | number;
}

export function at(parent: Path | undefined, key: string | number): Path {
  return { parent, key };
}

/** `tasks[2].retry.attempts` */
export function inWords(path: Path | undefined): string {
  const parts: string[] = [];
  for (let step = path; step !== undefined; step = step.parent) {
    if (typeof step.key === 'number') parts.push(`[${step.key}]`);
    else parts.push(step.parent === undefined ? step.key : `.${step.key}`);
  }
  return parts.reverse().join('');
}
