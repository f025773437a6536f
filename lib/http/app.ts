/**
 * The HTTP API over any `PawlApi`. Owns who may ask, what is parsed and how errors look; the routes are the contract's
 * table. Runs wherever Hono does.
 */
import { Hono } from 'hono';
import type { PawlApi } from '../service/api.ts';
import type { Load } from '../service/load.ts';
import { defaultHttpLimits, type HttpLimits } from './contract/limits.ts';
import { type Route, routeEntries } from './contract/routes.ts';
import { type AllowedHosts, createTokenCheck, requireAllowedHost, requireSameOrigin, requireToken } from './guards.ts';
import { createHandlers, type Input, type Streams } from './handlers.ts';
import { readDocument, readJsonBody } from './json-body.ts';
import { createRequestMetrics } from './metrics.ts';
import { HttpProblem, type Logger, problemResponse } from './problems.ts';
import { createTraffic } from './traffic.ts';
import { parsed } from './validation.ts';

export interface HttpAppOptions {
  api: PawlApi;
  /** Every route but callbacks, documentation and the bare health asks for it. Without it whoever reaches the app may do all. */
  token?: string | undefined;
  /**
   * A gateway in front asks who it is and lets in who may ask: any host name is right, and an answer that depends on a
   * token depends on whether the gateway said who asks. Default: false.
   */
  behindGateway?: boolean;
  logger?: Logger;
  limits?: Partial<HttpLimits>;
  /** Whether the process behind the API can take more. Default: it always can. */
  load?: Pick<Load, 'admitStart' | 'admitMessage'>;
  /** Host names by which the server may be called. Default: loopback names without a token or on a loopback address, else any. */
  allowedHosts?: AllowedHosts;
  /**
   * `live` (default): a stream of events stays open until its run ends. Where answers cannot be sent in parts: each is
   * one reply, for whose first event the client waits up to `waitMs`, and after which it comes back.
   */
  streams?: Streams;
  /** More metrics for `/metrics`, as Prometheus text. */
  metrics?: () => string | Promise<string>;
  /** In ms; only differences count. */
  now?: () => number;
}

/** What the server under the app may tell it, request by request. */
interface HttpBindings {
  /** Aborts when the server closes: streams end. */
  closing?: AbortSignal;
  /** As @hono/node-server gives it. */
  incoming?: { socket?: { localAddress?: string | undefined } };
  /** The answer, which ends when the client has it. */
  outgoing?: { once(event: 'close', callback: () => void): unknown };
  /** Who asks, where the server under the app has made sure of it. */
  actor?: string;
}

interface Environment {
  Bindings: HttpBindings;
  Variables: { route: string };
}

export type HttpApp = Hono<Environment> & { readonly hasToken: boolean };

export function createHttpApp(options: HttpAppOptions): HttpApp {
  const { api, token, logger, metrics, load, streams = 'live', behindGateway = false } = options;
  const allowedHosts = options.allowedHosts ?? (behindGateway ? 'any' : undefined);
  if (token === '') throw new TypeError('an empty token protects nothing: leave it out, or set one');
  const limits = { ...defaultHttpLimits, ...options.limits };
  const now = options.now ?? (() => performance.now());
  const hasToken = token !== undefined;
  const check = createTokenCheck(token);
  const requestMetrics = createRequestMetrics();
  const traffic = createTraffic(limits);
  const handlers = createHandlers({
    ...{ api, limits, requestMetrics, traffic, metrics, logger, hasToken, behindGateway, streams },
  });
  const app = new Hono<Environment>();

  app.use(async (c, next) => {
    const begin = now();
    await next();
    const route = c.get('route') ?? 'none';
    requestMetrics.observe({ method: c.req.method, route, status: c.res.status, durationMs: now() - begin });
    c.res.headers.set('X-Content-Type-Options', 'nosniff');
    c.res.headers.set('Referrer-Policy', 'no-referrer');
    c.res.headers.set('Cache-Control', 'no-store');
  });

  app.use(async (c, next) => {
    const url = new URL(c.req.url);
    requireAllowedHost(url, { allowedHosts, hasToken, localAddress: c.env?.incoming?.socket?.localAddress });
    requireSameOrigin(url, c.req.header('Origin'));
    await next();
  });

  for (const [operation, route] of routeEntries) {
    const handle = handlers[operation] as (input: Input<Route>) => Promise<Response>;
    app.on(route.method, honoPath(route), async (c) => {
      c.set('route', route.path);
      const credentials = check(c.req.header('Authorization'));
      if ((route.token ?? 'required') === 'required') requireToken(credentials);
      const answered = traffic.enter(route);
      const { outgoing } = c.env ?? {};
      let isHandled = false;
      let isSent = outgoing === undefined;
      // A client may leave while its request is handled.
      outgoing?.once('close', () => {
        isSent = true;
        if (isHandled) answered();
      });
      const held: (() => void)[] = [];
      try {
        if (route.load === 'start') load?.admitStart();
        if (route.load === 'tell') load?.admitMessage();
        const { params, query, headers, body } = route;
        const reading = { limits, hold: (bytes: number) => void held.push(traffic.hold(bytes)) };
        const input = {
          params: params && parsed(params, c.req.param(), 'The path'),
          query: query && parsed(query, onlyOnce(c.req.queries()), 'The query'),
          headers: headers && parsed(headers, headersNamed(c.req.raw.headers, headers.shape), 'The request'),
          body: body && parsed(body.schema, (await readJsonBody(c.req.raw, reading)) ?? emptyBody(body), 'The body'),
          document: route.document && (await readDocument(c.req.raw, reading)),
          method: c.req.method,
          isTrusted: credentials === 'valid' && (!behindGateway || c.env?.actor !== undefined),
          closing: c.env?.closing,
          left: () => c.req.raw.signal,
          actor: c.env?.actor,
        };
        return await handle(input as Input<Route>);
      } catch (thrown) {
        // Hono takes only errors for errors.
        return problemResponse(thrown, logger);
      } finally {
        for (const giveBack of held) giveBack();
        // A stream has a bound of its own, and the answer to it is under way for long.
        isHandled = true;
        if (isSent || operation === 'watchRun') answered();
      }
    });
  }

  for (const route of new Map(routeEntries.map(([, each]) => [each.path, each])).values()) {
    const { path } = route;
    const allow = allowedMethods(path);
    app.all(honoPath(route), (c) => {
      c.set('route', path);
      throw new HttpProblem('method_not_allowed', `${path} knows ${allow}, not ${c.req.method}`, { Allow: allow });
    });
  }

  app.notFound((c) => problemResponse(new HttpProblem('route_not_found', `No route ${c.req.path}`), logger));
  app.onError((error) => problemResponse(error, logger));
  return Object.assign(app, { hasToken });
}

function honoPath({ path, rest }: Route): string {
  const pattern = path.replace(/\{(\w+)\}/g, ':$1');
  return rest ? `${pattern}{.+}` : pattern;
}

function allowedMethods(path: string): string {
  const methods = routeEntries.filter(([, route]) => route.path === path).map(([, { method }]) => method);
  return methods.flatMap((method) => (method === 'GET' ? ['GET', 'HEAD'] : [method])).join(', ');
}

/** A parameter that comes twice is left as a list, which no schema takes. */
function onlyOnce(queries: Record<string, string[]>): Record<string, string | string[]> {
  return Object.fromEntries(
    Object.entries(queries).map(([name, all]) => [name, all.length === 1 ? (all[0] ?? '') : all]),
  );
}

function headersNamed(headers: Headers, shape: object): Record<string, string | undefined> {
  return Object.fromEntries(Object.keys(shape).map((name) => [name, headers.get(name) ?? undefined]));
}

function emptyBody(body: NonNullable<Route['body']>): object | undefined {
  return body.optional ? {} : undefined;
}
