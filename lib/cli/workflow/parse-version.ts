import { InvalidArgumentError } from 'commander';

/** A version as it is typed: `4` or `v4`. */
export function parseVersion(text: string): number {
  const [, version] = /^v?([1-9]\d{0,8})$/.exec(text) ?? [];
  if (version === undefined) throw new InvalidArgumentError('expected a version, like 4');
  return Number(version);
}
