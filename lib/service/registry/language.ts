import type { Definition } from '../../kernel/definition.ts';

/** A workflow as somebody wrote it. */
export interface WorkflowSource {
  text: string;
  format: 'yaml' | 'json';
}

/** What the registry has to know of a workflow that was found to be right. */
export interface ReadWorkflow {
  name: string;
  /** If the source says it. */
  version: number | undefined;
  /** All that it says but its version, as plain data: equal content is the same version. */
  content: unknown;
  description: string | undefined;
}

export interface Outline {
  /** All that the text says, as plain data. `undefined`: it is not of its format. */
  content: unknown;
  /** By id, as plain data. */
  tasks: ReadonlyMap<string, unknown>;
}

/** The language of workflows that are data. The registry keeps them without understanding them. */
export interface WorkflowLanguage {
  /**
   * Rejects with a `Fault` invalid_input that has all problems at once, each with line and column; one is each thing that
   * the workflow asks for and this deployment does not offer.
   */
  read(source: WorkflowSource): Promise<ReadWorkflow>;
  /** Makes it a definition of this version. Rejects with a `Fault` that says why it cannot be used here. */
  build(source: WorkflowSource, version: number): Promise<Definition>;
  /** What the text says, also where it would not be accepted today. */
  outline(source: WorkflowSource): Promise<Outline>;
}
