/** The state of a task in a run, as drawings show it. */
export type TaskState = 'pending' | 'running' | 'waiting' | 'completed' | 'failed' | 'skipped';

/** By id. Tasks that are not in it are drawn without a state. */
export type TaskStates = ReadonlyMap<string, TaskState>;

export interface StateColors {
  fill: string;
  line: string;
  text: string;
}

/** Dark text on light fills, readable on light and on dark pages. */
export const stateColors: Record<TaskState, StateColors> = {
  pending: { fill: '#e5e7eb', line: '#6b7280', text: '#111827' },
  running: { fill: '#bfdbfe', line: '#2563eb', text: '#111827' },
  waiting: { fill: '#fde68a', line: '#b45309', text: '#111827' },
  completed: { fill: '#bbf7d0', line: '#15803d', text: '#111827' },
  failed: { fill: '#fecaca', line: '#b91c1c', text: '#111827' },
  skipped: { fill: '#f3f4f6', line: '#9ca3af', text: '#4b5563' },
};

export const taskStateNames = Object.keys(stateColors) as TaskState[];
