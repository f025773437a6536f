/** Every bound of the HTTP API, by name. Whatever crosses one is answered with a problem that says which. */
export interface HttpLimits {
  /** The longest request body, in bytes. */
  bodyBytes: number;
  /** The longest document that is registered, in bytes. */
  definitionBytes: number;
  /** How deep arrays and objects of a body may nest. */
  bodyDepth: number;
  /** A live stream of events says this often that it lives, in ms. */
  heartbeatMs: number;
  /** How long a client of a live stream waits before it comes back, in ms. */
  reconnectMs: number;
  /** Where events come in whole replies: no event is added that would make one longer, in bytes. */
  replyBytes: number;
  /** What follows within this after another event is in the same reply, in ms. */
  gatherMs: number;
  /** How long a client waits before it asks for the next reply, in ms. */
  comeBackMs: number;
  /** Open connections; what is over it is hung up on. */
  connections: number;
  /** Requests that are being answered, streams apart; what is over it is refused. */
  requestsInFlight: number;
  /** Of these, requests that start a run. */
  startsInFlight: number;
  /** Bodies of all requests that are being answered, in bytes. */
  bodiesBytes: number;
  /** Live streams of events. */
  eventStreams: number;
  /** A connection on which nothing moves for longer is closed, in ms. */
  idleMs: number;
}

export const defaultHttpLimits: HttpLimits = {
  bodyBytes: 1024 * 1024,
  definitionBytes: 4 * 1024 * 1024,
  bodyDepth: 64,
  heartbeatMs: 15_000,
  reconnectMs: 1_000,
  replyBytes: 2 * 1024 * 1024,
  gatherMs: 50,
  comeBackMs: 100,
  connections: 5_000,
  requestsInFlight: 1_000,
  startsInFlight: 500,
  bodiesBytes: 64 * 1024 * 1024,
  eventStreams: 2_000,
  idleMs: 120_000,
};

/** In characters, unless the name says otherwise. */
export const fieldLimits = {
  key: 256,
  name: 128,
  runId: 512,
  correlationId: 256,
  actor: 256,
  reason: 2_000,
  errorMessage: 8_000,
  callbackToken: 2_048,
  cursor: 4_096,
  runsPerPage: 200,
  runsPerPageDefault: 50,
  eventsPerPage: 1_000,
  eventsPerPageDefault: 200,
  changesPerPage: 200,
  changesPerPageDefault: 50,
} as const;
