import { WebSocket, type WebSocketServer } from 'ws'
import { FrameReader } from '../frame.ts'
import type { Outlet } from '../outlet.ts'
import { listen, shut, TRY_LATER, type ListenOptions } from './server.ts'

export interface WebSocketOutletOptions extends ListenOptions {
  /** Messages that are kept for who comes back after a cut. */
  readonly keep: number
  /** What happens when a reader is slow: everything waits for it, or it is cut off and may come back. */
  readonly whenSlow: 'block' | 'cut'
}

interface Kept {
  readonly subject: string
  readonly payload: Uint8Array
  /** Of a frame, the number of its last record. */
  readonly last: number
}

/** Bytes that wait for one reader before it counts as slow. */
const SLOW_BYTES = 1_048_576
const LOOK_MS = 5

/**
 * Sends messages to everyone who is connected: frames as binary messages, JSON as text. Who was cut off comes back with
 * `?source=S&next=N` in the address and is given what it missed, as long as that is kept; else it is told
 * `{"error":"gone"}`. `?from=oldest` gives all that is kept.
 */
export class WebSocketOutlet implements Outlet {
  sent: number
  resent: number
  cutOff: number
  onFull: () => void
  onRoom: () => void
  onFailure: (message: string) => void
  private readonly server: WebSocketServer
  private readonly options: WebSocketOutletOptions
  private readonly kept: Kept[]
  private readonly reader: FrameReader
  private source: bigint
  private isFull: boolean
  private timer: NodeJS.Timeout | undefined

  static async open(options: WebSocketOutletOptions): Promise<WebSocketOutlet> {
    let outlet: WebSocketOutlet | undefined
    const server = await listen(options, (socket, request) => outlet?.welcome(socket, request.url ?? ''))
    outlet = new WebSocketOutlet(server, options)
    return outlet
  }

  constructor(server: WebSocketServer, options: WebSocketOutletOptions) {
    this.sent = 0
    this.resent = 0
    this.cutOff = 0
    this.onFull = () => {}
    this.onRoom = () => {}
    this.onFailure = () => {}
    this.server = server
    this.options = options
    this.kept = []
    this.reader = new FrameReader()
    this.source = 0n
    this.isFull = false
    this.timer = undefined
  }

  get port(): number {
    return (this.server.address() as { port: number }).port
  }

  publish(subject: string, payload: Uint8Array): void {
    this.sent++
    const isFrame = this.reader.read(payload) === undefined
    if (isFrame) this.source = this.reader.source
    this.kept.push({
      subject,
      payload,
      last: isFrame ? this.reader.firstSequence + this.reader.count - 1 : 0,
    })
    if (this.kept.length > 2 * this.options.keep) this.kept.splice(0, this.kept.length - this.options.keep)
    for (const socket of this.server.clients) this.send(socket, payload, isFrame)
  }

  settle(): void {}

  /** Resolves when every reader has everything. */
  async drain(timeoutMs: number): Promise<void> {
    const deadline = performance.now() + timeoutMs
    while (this.waitingBytes > 0) {
      if (performance.now() > deadline)
        throw new Error(`${this.waitingBytes} bytes could not be handed to readers`)
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS))
    }
    clearTimeout(this.timer)
  }

  close(): Promise<void> {
    return shut(this.server)
  }

  figures(): Record<string, unknown> {
    return { readers: this.server.clients.size, cutOff: this.cutOff, waitingBytes: this.waitingBytes }
  }

  private get waitingBytes(): number {
    let bytes = 0
    for (const { bufferedAmount, readyState } of this.server.clients)
      if (readyState === WebSocket.OPEN) bytes += bufferedAmount
    return bytes
  }

  private welcome(socket: WebSocket, url: string): void {
    const query = new URL(url, 'ws://localhost').searchParams
    const next = Number(query.get('next') ?? 0)
    if (query.get('from') === 'oldest') return this.replay(socket, 0)
    if (!(next > 0)) return
    const first = this.kept.find(({ last }) => last > 0)
    const isKnown = query.get('source') === String(this.source)
    if (!isKnown || (first !== undefined && first.last >= next && this.firstOf(first) > next)) {
      socket.send(JSON.stringify({ error: 'gone', detail: 'what was missed is not kept: begin anew' }))
      return
    }
    this.replay(socket, next)
  }

  private firstOf({ payload }: Kept): number {
    return this.reader.read(payload) === undefined ? this.reader.firstSequence : 0
  }

  private replay(socket: WebSocket, next: number): void {
    for (const { payload, last } of this.kept)
      if (last >= next || (last === 0 && next === 0)) {
        this.resent++
        this.send(socket, payload, last > 0)
      }
  }

  private send(socket: WebSocket, payload: Uint8Array, isFrame: boolean): void {
    if (socket.readyState !== WebSocket.OPEN) return
    socket.send(payload, { binary: isFrame })
    if (socket.bufferedAmount <= SLOW_BYTES) return
    if (this.options.whenSlow === 'cut') {
      this.cutOff++
      socket.close(TRY_LATER, 'too slow')
      return
    }
    if (this.isFull) return
    this.isFull = true
    this.onFull()
    this.timer = setTimeout(() => this.look(), LOOK_MS)
  }

  private look(): void {
    for (const { bufferedAmount, readyState } of this.server.clients)
      if (readyState === WebSocket.OPEN && bufferedAmount > SLOW_BYTES / 2) {
        this.timer = setTimeout(() => this.look(), LOOK_MS)
        return
      }
    this.isFull = false
    this.onRoom()
  }
}
