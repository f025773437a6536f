import type { HttpLimits } from '../http/contract/limits.ts';
import type { HttpServer } from '../http/serve.ts';
import { isFault } from '../kernel/faults.ts';
import type { PawlApi } from '../service/api.ts';
import type { Load } from '../service/load.ts';
import { Complaint, exitCode } from './exit-codes.ts';
import type { Log } from './log.ts';

export interface HostRequest {
  api: PawlApi;
  host: string;
  port: number;
  token?: string;
  /** Of the process that does the work. */
  load: Load;
  limits: Partial<HttpLimits>;
  log: Log;
}

/** Answers HTTP until it is closed. */
export async function hostApi({ api, host, port, token, load, limits, log }: HostRequest): Promise<HttpServer> {
  const [{ createHttpApp }, { serveHttp }] = await Promise.all([import('../http/app.ts'), import('../http/serve.ts')]);
  const { renderProcess } = await import('../http/process-metrics.ts');
  const app = createHttpApp({
    ...{ api, token, load, limits },
    metrics: () => renderProcess({ waiting: load.waiting() }),
    logger: { error: (message, fields) => log.failed(message, fields) },
  });
  return serveHttp({ app, host, port, limits }).catch((error: unknown) => {
    if (!isFault(error, 'conflict')) throw error;
    const advice = [`Does a Pawl run there already? Else choose another port: --port ${port + 1}`];
    throw new Complaint(error.message, { advice, exit: exitCode.failed, cause: error });
  });
}
