import * as TE from 'fp-ts/lib/TaskEither.js'
import type { WebSocket, WebSocketServer } from 'ws'
import { RECORD_BYTES, type Batch } from '../../book/index.ts'
import { options, wholeNumber } from '../../pipeline/codec.ts'
import type { Market } from '../../pipeline/market.ts'
import type { ReportSection, Source, StageProblem } from '../../pipeline/operator.ts'
import { CreditGiver } from '../../transport/credit-giver.ts'
import { FrameKind } from '../../transport/frame.ts'
import { FrameInbox, isJson } from '../../transport/frame-inbox.ts'
import { bytesOfMessage, listen, shut } from '../../transport/websocket/server.ts'
import { listenKeys } from '../sinks/websocket-sink.ts'
import { Arrivals } from './arrivals.ts'
import { systemProblem } from './system-error.ts'

const CAPACITY = 65_536
const SENDERS = 16

/** What a stage says under `from: { websocket: ... }`. */
export interface WebSocketSourceOptions {
  readonly port: number
  readonly host?: string | undefined
  readonly path?: string | undefined
  readonly connections?: number | undefined
  /** Records that may wait here. */
  readonly capacity?: number | undefined
}

export const webSocketSourceOptions = options(
  { port: wholeNumber({ min: 0, max: 65_535 }).describe('The port to listen on.') },
  { ...listenKeys, capacity: wholeNumber({ min: 1_024, max: 4_194_304 }).describe('Records that may wait.') },
).describe('Frames and lines of JSON from WebSocket clients.')

/** Opens a WebSocket server whose clients send orders. */
export function openWebSocketSource(
  market: Market,
  given: WebSocketSourceOptions,
): TE.TaskEither<StageProblem, Source> {
  return TE.tryCatch(
    async () => {
      let source: WebSocketSource | undefined
      const server = await listen(given, (socket) => source?.welcome(socket))
      source = new WebSocketSource(market, server, given)
      return source
    },
    (error): StageProblem => ({
      path: ['from', 'websocket', 'port'],
      message: `port ${given.port}: ${systemProblem(error)}`,
    }),
  )
}

/**
 * Commands from WebSocket messages: frames, or lines of JSON. A connection whose message finds no room is not read until
 * there is some, so its sender feels it. One that speaks credit loses nothing when its connection breaks.
 */
export class WebSocketSource implements Source {
  private readonly server: WebSocketServer
  private readonly arrivals: Arrivals
  private readonly inbox: FrameInbox
  private readonly credit: CreditGiver
  private readonly sockets: Map<string, WebSocket>
  /** Messages of connections that are not read until there is room, in order. */
  private readonly held: { readonly socket: WebSocket; readonly name: string; readonly bytes: Uint8Array }[]
  private pauses: number
  private lastName: number
  private isStopped: boolean

  constructor(market: Market, server: WebSocketServer, { capacity = CAPACITY }: WebSocketSourceOptions) {
    this.server = server
    this.arrivals = new Arrivals(market, capacity)
    this.inbox = new FrameInbox(FrameKind.commands, capacity)
    this.sockets = new Map()
    this.held = []
    this.pauses = 0
    this.lastName = 0
    this.isStopped = false
    this.credit = new CreditGiver(
      (name, bytes) => this.sockets.get(name)?.send(bytes),
      Math.floor(capacity / SENDERS),
      SENDERS,
    )
    this.arrivals.onTaken = (tag, _, count) => this.credit.taken(tag, count)
    this.arrivals.queue.onRoom = () => this.release()
  }

  get port(): number {
    return (this.server.address() as { port: number }).port
  }

  welcome(socket: WebSocket): void {
    const name = String(++this.lastName)
    this.sockets.set(name, socket)
    socket.on('message', (data) => {
      const bytes = bytesOfMessage(data)
      // What came before a pause took effect stays in order behind what is held.
      if (this.held.some((each) => each.socket === socket) || !this.take(socket, name, bytes)) {
        this.held.push({ socket, name, bytes })
        this.pauses++
        socket.pause()
      }
    })
    socket.on('close', () => this.sockets.delete(name))
  }

  pull(batch: Batch, upTo: number): boolean {
    this.arrivals.pull(batch, upTo)
    return !(this.isStopped && this.arrivals.isEmpty)
  }

  ready(): Promise<void> {
    return this.arrivals.ready()
  }

  stop(): void {
    if (this.isStopped) return
    this.isStopped = true
    this.credit.stop()
    for (const socket of this.sockets.values()) socket.pause()
    this.arrivals.queue.tell()
  }

  async close(): Promise<void> {
    this.stop()
    await shut(this.server)
  }

  report(): ReportSection {
    const { counts } = this.inbox
    const figures = {
      port: this.port,
      ...counts.figures(),
      pauses: this.pauses,
      connections: this.lastName,
      credit: this.credit.figures(),
    }
    const lines = [
      `${counts.records} records in ${counts.frames} frames and ${counts.texts} lines of JSON over ${this.lastName} connections`,
      `${counts.badFrames} bad messages set aside, ${this.pauses} times a connection was not read for want of room`,
    ]
    return { title: 'websocket', lines, figures }
  }

  /** Takes in a message, or counts it as bad. Returns false if there is no room for it. */
  private take(socket: WebSocket, name: string, bytes: Uint8Array): boolean {
    const { arrivals, inbox } = this
    if (this.isStopped) return false
    if (isJson(bytes)) {
      if (arrivals.room * RECORD_BYTES < bytes.length) return false
      inbox.counts.texts += arrivals.pushText(bytes)
      return true
    }
    const { reader } = inbox
    if (!inbox.open(bytes)) {
      if (reader.isHello) this.credit.hello(reader, name)
      else socket.send(JSON.stringify({ error: 'bad frame', detail: reader.fault ?? 'unwanted kind' }))
      return true
    }
    if (reader.count > arrivals.room) return false
    const tag = this.credit.arrived(reader, name)
    if (tag === undefined) return true
    inbox.took(reader.count)
    arrivals.pushRecords(bytes, reader.recordsAt, reader.count, tag)
    return true
  }

  private release(): void {
    while (this.held.length > 0) {
      const { socket, name, bytes } = this.held[0]!
      if (!this.take(socket, name, bytes)) return
      this.held.shift()
      if (!this.held.some((each) => each.socket === socket)) socket.resume()
    }
  }
}
