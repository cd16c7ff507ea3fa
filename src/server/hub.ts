import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { WebSocketServer, type WebSocket } from 'ws'
import type { Caller } from './keys.ts'
import { Session, type SessionContext } from './session.ts'

/** Largest message of a client. */
const MOST_BYTES = 65_536
/** How often what changed is sent: as often as a screen has use for. */
const TICK_MS = 33
const HEARTBEAT_TICKS = 150

export interface HubFigures {
  readonly clients: number
  readonly dropped: number
  readonly messages: number
}

/** The WebSocket clients of a server: sessions, each with subscriptions of its own, all served by one timer. */
export class Hub {
  private readonly sockets: WebSocketServer
  private readonly sessions: Set<Session>
  private readonly context: SessionContext
  private readonly timer: NodeJS.Timeout
  private ticks: number
  private messages: number
  private dropped: number

  constructor(context: SessionContext) {
    this.sockets = new WebSocketServer({ noServer: true, maxPayload: MOST_BYTES, perMessageDeflate: false })
    this.sessions = new Set()
    this.context = context
    this.ticks = 0
    this.messages = 0
    this.dropped = 0
    this.timer = setInterval(() => this.tick(), TICK_MS)
    this.timer.unref()
  }

  get figures(): HubFigures {
    return { clients: this.sessions.size, dropped: this.dropped, messages: this.messages }
  }

  /** Takes over a connection that asked to be a WebSocket, of a caller who may. */
  accept(request: IncomingMessage, socket: Duplex, head: Buffer, caller: Caller): void {
    this.sockets.handleUpgrade(request, socket, head, (client) => this.open(client, caller))
  }

  close(): void {
    clearInterval(this.timer)
    for (const session of this.sessions) session.close(1001, 'the server stops')
    this.sockets.close()
  }

  private open(client: WebSocket, caller: Caller): void {
    const session = new Session(client, caller, this.context)
    this.sessions.add(session)
    client.on('message', (data) => {
      this.messages++
      session.receive((data as Buffer).toString())
    })
    client.on('close', () => {
      this.sessions.delete(session)
      session.end()
    })
    client.on('error', () => client.terminate())
  }

  private tick(): void {
    this.ticks++
    const isHeartbeat = this.ticks % HEARTBEAT_TICKS === 0
    for (const session of this.sessions) if (!session.tick(isHeartbeat)) this.dropped++
  }
}
