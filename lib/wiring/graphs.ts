import type { LambdaInvoker, QueueSender } from '../graph/executors/executors.ts';
import type { HttpSettings } from '../graph/executors/http.ts';
import { collectHandlers, type Handler, type Handlers } from '../graph/handlers.ts';
import type { WorkflowLanguage } from '../service/registry/language.ts';

/** What graphs can have done for them, beside handlers. */
export interface GraphExecutors {
  /** Which hosts HTTP tasks may ask. Default: none. */
  http?: HttpSettings;
  lambda?: LambdaInvoker;
  queue?: QueueSender;
}

/** What a deployment offers to graphs. */
export interface GraphOffer {
  handlers: ReadonlyMap<string, Handler>;
  executors: GraphExecutors;
}

/** Handlers by name. */
export function collected(handlers: readonly Handlers[]): ReadonlyMap<string, Handler> {
  return collectHandlers({ given: handlers });
}

/** The language of graphs, loaded when there is one: a process that has none does not pay for it. */
export function createGraphLanguage(offer: () => GraphOffer): WorkflowLanguage {
  const load = () => import('./graph-language.ts');
  return {
    read: async (source) => (await load()).readWorkflow(source, offer()),
    build: async (source, version) => (await load()).buildWorkflow(source, version, offer()),
    outline: async (source) => (await load()).outline(source),
  };
}
