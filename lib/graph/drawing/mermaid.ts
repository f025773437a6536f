import type { Graph } from '../definition.ts';
import { type Box, type Picture, pictureOf } from './picture.ts';
import { stateColors, type TaskStates, taskStateNames } from './task-state.ts';

/** A flowchart of Mermaid, with a legend if there are states. */
export function toMermaid(graph: Graph, states?: TaskStates): string {
  const lines = ['flowchart TD', ...drawn(pictureOf(graph), '  ')];
  if (states) lines.push(...legend(states));
  return `${lines.join('\n')}\n`;
}

const shapes: Partial<Record<Box['type'], [string, string]>> = {
  condition: ['{', '}'],
  wait: ['([', '])'],
  signal: ['([', '])'],
  sub_workflow: ['[[', ']]'],
  fail: ['((', '))'],
  succeed: ['((', '))'],
};

function drawn({ boxes, arrows }: Picture, indent: string): string[] {
  const lines = boxes.flatMap((box) => {
    if (!box.inner) {
      const [open, close] = shapes[box.type] ?? ['[', ']'];
      const text = [box.id, `${box.type}${box.detail === '' ? '' : ` ${box.detail}`}`].map(escaped).join('<br/>');
      return [`${indent}${nodeOf(box.id)}${open}"${text}"${close}`];
    }
    const title = escaped(`${box.id} (${box.type}${box.detail === '' ? '' : ` ${box.detail}`})`);
    return [`${indent}subgraph ${nodeOf(box.id)}["${title}"]`, ...drawn(box.inner, `${indent}  `), `${indent}end`];
  });
  const links = arrows.map(({ from, to, label, byError }) => {
    const link = byError ? '-.->' : '-->';
    return `${indent}${nodeOf(from)} ${link}${label === undefined ? '' : `|"${escaped(label)}"|`} ${nodeOf(to)}`;
  });
  return [...lines, ...links];
}

function legend(states: TaskStates): string[] {
  const lines: string[] = ['  subgraph legend["states"]'];
  for (const state of taskStateNames) lines.push(`    s_${state}["${state}"]`);
  lines.push('  end');
  for (const state of taskStateNames) {
    const { fill, line, text } = stateColors[state];
    const dashed = state === 'skipped' ? ',stroke-dasharray:4 3' : '';
    lines.push(`  classDef ${state} fill:${fill},stroke:${line},color:${text}${dashed}`);
    const ids = [...states].flatMap(([id, of]) => (of === state ? [nodeOf(id)] : []));
    lines.push(`  class ${[`s_${state}`, ...ids].join(',')} ${state}`);
  }
  return lines;
}

/** Words like `end` and `graph` are Mermaid's own. */
function nodeOf(id: string): string {
  return `t_${id}`;
}

function escaped(text: string): string {
  return text.replace(/[#&<>"`\\]/g, (char) => `#${char.charCodeAt(0)};`).replace(/\p{Cc}/gu, ' ');
}
