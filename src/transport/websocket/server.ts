import type { IncomingMessage } from 'node:http'
import { WebSocketServer, type RawData, type WebSocket } from 'ws'

/** Where a WebSocket server listens: on loopback unless told otherwise. */
export interface ListenOptions {
  readonly port: number
  readonly host?: string | undefined
  readonly path?: string | undefined
  /** Connections at a time. */
  readonly connections?: number | undefined
}

const MOST_BYTES = 8_388_608
const CONNECTIONS = 256
const BEAT_MS = 5_000

/** Codes of closing, as RFC 6455 has them. */
export const GOING_AWAY = 1001
export const TRY_LATER = 1013

/** Listens; a connection that does not answer for two beats is cut. */
export async function listen(
  { port, host = '127.0.0.1', path, connections = CONNECTIONS }: ListenOptions,
  onConnection: (socket: WebSocket, request: IncomingMessage) => void,
): Promise<WebSocketServer> {
  const server = new WebSocketServer({
    port,
    host,
    maxPayload: MOST_BYTES,
    perMessageDeflate: false,
    ...(path === undefined ? {} : { path }),
  })
  const alive = new WeakSet<WebSocket>()
  server.on('connection', (socket, request) => {
    socket.on('error', () => {})
    if (server.clients.size > connections) return socket.close(TRY_LATER, 'too many connections')
    alive.add(socket)
    socket.on('pong', () => alive.add(socket))
    onConnection(socket, request)
  })
  const timer = setInterval(() => {
    for (const socket of server.clients) {
      // One that is held back by us cannot answer.
      if (!alive.has(socket) && !socket.isPaused) socket.terminate()
      alive.delete(socket)
      socket.ping()
    }
  }, BEAT_MS).unref()
  server.on('close', () => clearInterval(timer))
  await new Promise<void>((resolve, reject) => {
    server.once('listening', resolve)
    server.once('error', reject)
  })
  return server
}

/** Says goodbye to all and stops listening. */
export function shut(server: WebSocketServer): Promise<void> {
  for (const socket of server.clients) {
    socket.close(GOING_AWAY, 'the server stops')
    setTimeout(() => socket.terminate(), 500).unref()
  }
  return new Promise((resolve) => server.close(() => resolve()))
}

/** The bytes of a message, however they came. */
export function bytesOfMessage(data: RawData): Uint8Array {
  if (Array.isArray(data)) return Buffer.concat(data)
  return data instanceof ArrayBuffer ? new Uint8Array(data) : data
}
