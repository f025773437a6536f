import type { HttpServer } from '../http/serve.ts';
import { isFault } from '../kernel/faults.ts';
import type { PawlApi } from '../service/api.ts';
import { Complaint, exitCode } from './exit-codes.ts';
import type { Log } from './log.ts';

export interface HostRequest {
  api: PawlApi;
  host: string;
  port: number;
  token?: string;
  log: Log;
}

/** Answers HTTP until it is closed. */
export async function hostApi({ api, host, port, token, log }: HostRequest): Promise<HttpServer> {
  const [{ createHttpApp }, { serveHttp }] = await Promise.all([import('../http/app.ts'), import('../http/serve.ts')]);
  const app = createHttpApp({ api, token, logger: { error: (message, fields) => log.failed(message, fields) } });
  return serveHttp({ app, host, port }).catch((error: unknown) => {
    if (!isFault(error, 'conflict')) throw error;
    const advice = [`Does a Pawl run there already? Else choose another port: --port ${port + 1}`];
    throw new Complaint(error.message, { advice, exit: exitCode.failed, cause: error });
  });
}
