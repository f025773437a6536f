import { processVariables, type Variables } from './environment.ts';

/** The environment variables that the command line knows. */
export interface Environment {
  /** PAWL_URL: commands go to this server instead of a data directory. */
  url?: string;
  /** PAWL_TOKEN: sent to the server, and demanded by `pawl serve`. */
  token?: string;
  /** PAWL_AWS_REGION: requests to the server are signed for AWS, also where its name is none of AWS. */
  awsRegion?: string;
  /** PAWL_DATA_DIR: in place of the configured one. */
  dataDir?: string;
  /** CI: nobody is watching, so nothing is redrawn. */
  ci: boolean;
  /** How the user calls Pawl, for commands that are shown to be typed. */
  program: 'pawl' | 'npx pawl';
}

/** Rejects with a `Fault` `invalid_input` whose problems name the variables. An empty variable counts as absent. */
export async function readEnvironment(variables: Variables = processVariables): Promise<Environment> {
  // Loaded here because `pawl --help` reads this file too and is to be fast.
  const [z, { Fault }] = await Promise.all([import('zod'), import('../kernel/faults.ts')]);
  const schema = z.object({
    PAWL_URL: z.url({ protocol: /^https?$/, error: 'expected an address like http://127.0.0.1:8787' }).optional(),
    PAWL_TOKEN: z.string().regex(/^\S+$/, 'expected a token without spaces').optional(),
    PAWL_AWS_REGION: z
      .string()
      .regex(/^[a-z0-9-]+$/, 'expected a region like eu-central-1')
      .optional(),
    PAWL_DATA_DIR: z.string().optional(),
    CI: z.string().optional(),
    npm_command: z.string().optional(),
  });
  const given = Object.fromEntries(
    Object.entries(variables).filter(([, value]) => value !== undefined && value !== ''),
  );
  const parsed = schema.safeParse(given);
  if (!parsed.success) {
    const problems = parsed.error.issues.map((issue) => ({ path: issue.path.join('.'), message: issue.message }));
    throw new Fault('invalid_input', 'An environment variable cannot be used', { problems });
  }
  const { PAWL_URL: url, PAWL_TOKEN: token, PAWL_AWS_REGION: awsRegion } = parsed.data;
  const { PAWL_DATA_DIR: dataDir, CI: ci, npm_command: npmCommand } = parsed.data;
  return {
    ...(url !== undefined && { url }),
    ...(token !== undefined && { token }),
    ...(awsRegion !== undefined && { awsRegion }),
    ...(dataDir !== undefined && { dataDir }),
    ci: ci !== undefined && ci !== '0' && ci !== 'false',
    program: npmCommand === 'exec' ? 'npx pawl' : 'pawl',
  };
}

/** https://no-color.org and its counterpart: what the user wishes for a stream that is or is no terminal. */
export function wantsColor(isTerminal: boolean, variables: Variables = processVariables): boolean {
  if (variables.NO_COLOR) return false;
  if (variables.FORCE_COLOR) return variables.FORCE_COLOR !== '0';
  return isTerminal && variables.TERM !== 'dumb';
}
