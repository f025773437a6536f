import type { PawlApi, WorkflowView } from '../../service/api.ts';
import type { Cli } from '../cli.ts';
import type { TargetFlags } from '../command-options.ts';
import { type ExitCode, exitCode } from '../exit-codes.ts';
import { activeInWords } from '../render/workflow.ts';
import { suggestWorkflow } from '../suggest.ts';

/** Changes which versions new runs get, and says what they get then. */
export async function changeActive(
  cli: Cli,
  name: string,
  flags: TargetFlags & { json?: boolean },
  change: (api: PawlApi) => Promise<WorkflowView>,
): Promise<ExitCode> {
  const { terminal } = cli;
  const connection = await cli.connect({ ...flags, purpose: 'start', codeIsOptional: true });
  try {
    const { api } = connection;
    const workflow = await change(api).catch((error: unknown) => suggestWorkflow(error, api, name));
    if (flags.json) terminal.out(JSON.stringify(workflow));
    else terminal.err(`New runs of ${name} get ${activeInWords(workflow.active)}`);
    return exitCode.ok;
  } finally {
    await connection.close();
  }
}
