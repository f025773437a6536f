import { toMermaid } from '../graph/drawing/mermaid.ts';
import { toSvg } from '../graph/drawing/svg.ts';
import { createTaskStates } from '../graph/run/task-states.ts';
import { graphWorkflow } from '../graph/workflow.ts';
import type { ExportedRun } from '../service/api.ts';
import type { WorkflowSource } from '../service/registry/language.ts';
import { parseSource } from './graph-language.ts';
import { replayProgram } from './replay-program.ts';

export interface DrawOptions {
  format: 'mermaid' | 'svg';
  /** Tasks are coloured by their state in it: that is found out by replaying it. */
  run?: ExportedRun;
}

/** Rejects with a `Fault`: invalid_input for what is no graph, non_deterministic for a run of another graph. */
export async function drawGraph(source: WorkflowSource, { format, run }: DrawOptions): Promise<string> {
  const graph = parseSource(source);
  const draw = format === 'svg' ? toSvg : toMermaid;
  if (run === undefined) return draw(graph);
  const states = createTaskStates();
  const { workflow: name, version } = run.run;
  await replayProgram(graphWorkflow({ ...graph, name, version }, { onTask: states.note }), run);
  return draw({ ...graph, version }, states.states());
}
