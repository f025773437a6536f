/** The shapes of workflows on the wire; `schemas.ts` has those of runs. */
import * as z from 'zod';
import type {
  ActivateWorkflowRequest,
  DiffWorkflowQuery,
  RegisteredWorkflow,
  RegisterWorkflowRequest,
  WorkflowDetail,
  WorkflowDiff,
  WorkflowHistoryPage,
  WorkflowHistoryQuery,
  WorkflowVersionView,
  WorkflowView,
} from '../../service/api.ts';
import { fieldLimits } from './limits.ts';
import { actor, digits, named, type OnWire, pageSize, text, time } from './schemas.ts';

const kind = z
  .enum(['code', 'graph'])
  .describe('`code` is changed by a deployment, `graph` without one')
  .register(named, { id: 'WorkflowKind' });

const activeVersion = z
  .object({ version: z.int(), weight: z.int().describe('Of 100 new runs so many get it') })
  .register(named, { id: 'ActiveVersion' });

const viewFields = {
  name: z.string(),
  kind,
  version: z.int().describe('The one that most new runs get; where none is active, the latest'),
  latest: z.int(),
  active: z.array(activeVersion).describe('What new runs get; empty if the workflow is deactivated'),
  description: z.string().optional(),
  registeredAt: time.optional().describe('Of the latest version'),
  registeredBy: z.string().optional().describe('Of the latest version'),
  input: z.unknown().optional().describe('JSON Schema'),
  output: z.unknown().optional().describe('JSON Schema'),
};

export const workflowView = z.object(viewFields).register(named, { id: 'Workflow' });

export const workflowList = z.object({ items: z.array(workflowView) }).register(named, { id: 'WorkflowList' });

const versionSummary = z
  .object({ version: z.int(), registeredAt: time.optional(), registeredBy: z.string().optional() })
  .register(named, { id: 'WorkflowVersionSummary' });

export const workflowDetail = z
  .object({ ...viewFields, versions: z.array(versionSummary).describe('The latest first, at most 100') })
  .register(named, { id: 'WorkflowDetail' });

export const workflowVersionView = z
  .object({
    name: z.string(),
    kind,
    version: z.int(),
    registeredAt: time.optional(),
    registeredBy: z.string().optional(),
    description: z.string().optional(),
    input: z.unknown().optional().describe('JSON Schema'),
    output: z.unknown().optional().describe('JSON Schema'),
    source: z
      .object({ text: z.string(), format: z.enum(['yaml', 'json']) })
      .optional()
      .describe('As it was registered; absent for code'),
    definition: z.unknown().optional().describe('What the source says, as plain data'),
  })
  .register(named, { id: 'WorkflowVersion' });

export const registeredView = z
  .object({
    name: z.string(),
    version: z.int(),
    created: z.boolean().describe('False: it was that version before, or was only checked'),
    active: z.array(activeVersion).describe('What new runs get now'),
  })
  .register(named, { id: 'RegisteredWorkflow' });

const change = z
  .object({
    number: z.int().describe('Counts from 1 over all changes of the workflow'),
    at: time,
    type: z.enum(['registered', 'activated', 'rolled_back', 'deactivated']),
    version: z.int().optional().describe('The one that was registered'),
    active: z.array(activeVersion).describe('What new runs got from then on'),
    by: z.string().optional(),
  })
  .register(named, { id: 'WorkflowChange' });

export const workflowHistoryPage = z
  .object({
    items: z.array(change),
    next: z.int().optional().describe('Pass it as `before` to go on; absent at the first change'),
  })
  .register(named, { id: 'WorkflowHistoryPage' });

const hunk = z
  .object({
    from: z.int().describe('Its first line in the one text'),
    to: z.int().describe('Its first line in the other'),
    lines: z.array(z.string()).describe('Each with ` `, `-` or `+` before it'),
  })
  .register(named, { id: 'DiffHunk' });

export const workflowDiff = z
  .object({
    name: z.string(),
    from: z.int(),
    to: z.int(),
    tasks: z
      .object({ added: z.array(z.string()), removed: z.array(z.string()), changed: z.array(z.string()) })
      .describe('Ids of tasks'),
    hunks: z.array(hunk).describe('Of the texts; of both as JSON where one is JSON and the other YAML'),
  })
  .register(named, { id: 'WorkflowDiff' });

// --- requests --------------------------------------------------------------------------------------------------------

const version = digits().pipe(z.int().min(1));
const flag = z
  .enum(['true', 'false'])
  .transform((said) => said === 'true')
  .pipe(z.boolean());

export const registerQuery = z.strictObject({
  activate: flag.optional().describe('All new runs get it, also where it was registered before'),
  dryRun: flag.optional().describe('It is only checked'),
  by: actor,
});

export const workflowParams = z.object({ name: text(fieldLimits.name) });
export const versionParams = z.object({ name: text(fieldLimits.name), version });

export const diffQuery = z.strictObject({
  from: version.optional().describe('Unless given, the version before'),
  to: version.optional().describe('Unless given, the latest'),
});

export const workflowHistoryQuery = z.strictObject({
  limit: pageSize(fieldLimits.changesPerPage, fieldLimits.changesPerPageDefault),
  before: version.optional().describe('The `next` of the page before'),
});

export const activateBody = z
  .strictObject({
    versions: z
      .array(z.strictObject({ version: z.int().min(1), weight: z.int().min(1).max(100).optional() }))
      .describe('Their weights sum up to 100; a single version needs none'),
    by: actor,
  })
  .register(named, { id: 'Activate' });

true satisfies OnWire<typeof workflowView, WorkflowView>;
true satisfies OnWire<typeof workflowDetail, WorkflowDetail>;
true satisfies OnWire<typeof workflowVersionView, WorkflowVersionView>;
true satisfies OnWire<typeof registeredView, RegisteredWorkflow>;
true satisfies OnWire<typeof workflowHistoryPage, WorkflowHistoryPage>;
true satisfies OnWire<typeof workflowDiff, WorkflowDiff>;
true satisfies OnWire<typeof registerQuery, Omit<RegisterWorkflowRequest, 'source' | 'format'>>;
true satisfies OnWire<typeof diffQuery, DiffWorkflowQuery>;
true satisfies OnWire<typeof workflowHistoryQuery, WorkflowHistoryQuery>;
true satisfies OnWire<typeof activateBody, ActivateWorkflowRequest>;
