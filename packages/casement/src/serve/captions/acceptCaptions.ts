import { type IncomingMessage, type Server, STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import { WebSocketServer } from 'ws';
import { ApiError, errorBody, unknownHost } from '../apiError.ts';
import { bearerKey } from '../apiKey.ts';
import { type CaptionParts, CaptionSession } from './captionSession.ts';
import { CLOSE, KEY_PROTOCOL, PROTOCOL } from './protocol.ts';

export interface CaptionEndpoint extends CaptionParts {
  readonly checkKey?: (key: string) => boolean;
  readonly checkHost: (header: string | undefined) => boolean;
  readonly origins: readonly string[];
  readonly isReady: () => boolean;
}

export interface Captions {
  /** Ends every session when the frame that is captioned is done. */
  stop(): void;
  /** Ends them at once. */
  abort(reason: ApiError): void;
  /** Leaves clients that do not answer the end of their session. */
  cut(): void;
}

/** Takes WebSockets at /v1/captions. */
export function acceptCaptions(server: Server, endpoint: CaptionEndpoint): Captions {
  const sessions = new Set<CaptionSession>();
  const sockets = new WebSocketServer({
    noServer: true,
    maxPayload: endpoint.limits.imageBytes,
    perMessageDeflate: false, // pictures are compressed already
    handleProtocols: (offered) => (offered.has(PROTOCOL) ? PROTOCOL : false),
  });
  server.on('upgrade', (request, socket, head) => {
    const problem = refusal(request, endpoint);
    if (problem) return refuse(socket, problem);
    sockets.handleUpgrade(request, socket, head, (open) => {
      const session = new CaptionSession(open, endpoint);
      sessions.add(session);
      open.on('close', () => sessions.delete(session));
    });
  });
  return {
    stop: () => {
      for (const session of sessions) session.stop(CLOSE.shuttingDown);
    },
    abort: (reason) => {
      for (const session of sessions) session.abort(reason);
    },
    cut: () => {
      for (const socket of sockets.clients) socket.terminate();
    },
  };
}

function refusal(
  { url = '', headers }: IncomingMessage,
  { checkKey, checkHost, origins, isReady }: CaptionEndpoint,
): ApiError | undefined {
  if (!isReady()) return new ApiError(503, 'the server is shutting down', { code: 'shutting_down' });
  if (!checkHost(headers.host)) return unknownHost();
  const [path] = url.split('?');
  if (path !== '/v1/captions') return new ApiError(404, 'there is no WebSocket here', { code: 'unknown_url' });
  const { origin } = headers;
  // Browsers open WebSockets for every page, and say for which.
  if (origin !== undefined && !origins.includes(origin) && hostOf(origin) !== headers.host) {
    return new ApiError(403, 'pages of this origin may not ask; see --allow-origin', { code: 'invalid_origin' });
  }
  const offered = (headers['sec-websocket-protocol'] ?? '').split(',').map((protocol) => protocol.trim());
  const given = offered.find((protocol) => protocol.startsWith(KEY_PROTOCOL))?.slice(KEY_PROTOCOL.length);
  if (checkKey && !checkKey(given ?? bearerKey(headers.authorization))) {
    return new ApiError(401, `give the API key as a bearer token or as subprotocol "${KEY_PROTOCOL}…"`, {
      code: 'invalid_api_key',
    });
  }
  return undefined;
}

function hostOf(origin: string): string | undefined {
  return URL.canParse(origin) ? new URL(origin).host : undefined;
}

function refuse(socket: Duplex, problem: ApiError): void {
  const body = JSON.stringify(errorBody(problem));
  socket.on('error', () => {}); // whoever was refused may have left
  socket.once('finish', () => socket.destroy()); // or may never end the connection
  socket.end(
    `HTTP/1.1 ${problem.status} ${STATUS_CODES[problem.status] ?? ''}\r\nconnection: close\r\n` +
      `content-type: application/json\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  );
}
