import { AckPolicy, DeliverPolicy } from '@nats-io/jetstream'
import { createInbox, type Msg, type MsgHdrs, type Subscription } from '@nats-io/nats-core'
import { Backoff } from '../backoff.ts'
import type { Link, NatsState } from './link.ts'
import type { OpenStream } from './stream-setup.ts'

export interface JetStreamReaderOptions {
  /** Subjects to read, one pattern; by default all of the stream. */
  readonly filter?: string | undefined
  /** Records that one message may hold at most: so many are asked for as there is room for in the worst case. */
  readonly messageRecords: number
  /** Records for which there is room. */
  readonly room: () => number
  /** Takes in a message. Returns false if there is no room for it: then it is given again later. */
  readonly take: (payload: Uint8Array, streamSequence: number, subject: string) => boolean
}

const MOST_MESSAGES = 256
const EXPIRES_MS = 30_000
const HEARTBEAT_MS = 1_000
const STALL_MS = 3_500
const NS_PER_MS = 1e6

/**
 * Reads a stream message by message from a place of its choice, without a gap: it asks for as many as there is room for,
 * and makes itself a new consumer behind the last message whenever the old one is gone, silent or has left one out.
 */
export class JetStreamReader {
  messages: number
  /** How often reading began anew, and why it did so last. */
  restarts: number
  lastRestart: string | undefined
  gaps: number
  private readonly link: Link
  private readonly stream: OpenStream
  private readonly options: JetStreamReaderOptions
  /** Stream sequence of the next message wanted. */
  private next: number
  private consumer: string | undefined
  private consumerSequence: number
  private inbox: string
  private subscription: Subscription | undefined
  /** Messages asked for that have not come. */
  private requested: number
  private readonly held: { payload: Uint8Array; sequence: number; subject: string }[]
  private heardMs: number
  private isStarting: boolean
  private isStopped: boolean
  private readonly backoff: Backoff
  private readonly timer: NodeJS.Timeout
  private readonly stopListening: () => void

  constructor(link: Link, stream: OpenStream, from: number, options: JetStreamReaderOptions) {
    this.messages = 0
    this.restarts = 0
    this.lastRestart = undefined
    this.gaps = 0
    this.link = link
    this.stream = stream
    this.options = options
    this.next = from
    this.consumer = undefined
    this.consumerSequence = 0
    this.inbox = ''
    this.subscription = undefined
    this.requested = 0
    this.held = []
    this.heardMs = performance.now()
    this.isStarting = false
    this.isStopped = false
    this.backoff = new Backoff(20, 1_000)
    this.timer = setInterval(() => this.look(), HEARTBEAT_MS / 4).unref()
    this.stopListening = link.onState((state) => this.stateChanged(state))
    void this.begin()
  }

  /** Stream sequence of the next message. */
  get nextSequence(): number {
    return this.next
  }

  /** There is room again. */
  more(): void {
    while (this.held.length > 0) {
      const { payload, sequence, subject } = this.held[0]!
      if (!this.options.take(payload, sequence, subject)) return
      this.held.shift()
    }
    this.ask()
  }

  stop(): void {
    if (this.isStopped) return
    this.isStopped = true
    clearInterval(this.timer)
    this.stopListening()
    if (this.link.connection.isClosed()) return
    this.subscription?.unsubscribe()
    if (this.consumer !== undefined)
      void this.stream.manager.consumers.delete(this.stream.info.config.name, this.consumer).catch(() => {})
  }

  figures(): Record<string, unknown> {
    const { messages, restarts, gaps, next, lastRestart } = this
    return {
      stream: this.stream.info.config.name,
      next,
      messages,
      restarts,
      gaps,
      ...(lastRestart === undefined ? {} : { lastRestart }),
    }
  }

  /** Makes a consumer that begins with the next message wanted. */
  private async begin(): Promise<void> {
    if (this.isStarting) return
    this.isStarting = true
    this.consumer = undefined
    this.subscription?.unsubscribe()
    this.requested = 0
    while (!this.isStopped) {
      if (this.link.state === 'connected')
        try {
          const { filter } = this.options
          const made = await this.stream.manager.consumers.add(this.stream.info.config.name, {
            ack_policy: AckPolicy.None,
            deliver_policy: DeliverPolicy.StartSequence,
            opt_start_seq: this.next,
            inactive_threshold: 60_000 * NS_PER_MS,
            mem_storage: true,
            num_replicas: 1,
            max_waiting: 64,
            ...(filter === undefined ? {} : { filter_subject: filter }),
          })
          this.consumer = made.name
          break
        } catch (error) {
          this.lastRestart = (error as Error).message
        }
      await new Promise((resolve) => setTimeout(resolve, this.backoff.next()))
    }
    this.isStarting = false
    if (this.isStopped) return
    this.consumerSequence = 0
    this.inbox = createInbox()
    this.subscription = this.link.connection.subscribe(this.inbox, {
      callback: (error, message) => {
        if (error === null) this.receive(message)
      },
    })
    this.heardMs = performance.now()
    this.ask()
  }

  private restart(why: string): void {
    if (this.isStopped || this.isStarting) return
    this.restarts++
    this.lastRestart = why
    void this.begin()
  }

  /** Asks for as many messages as there is room for, once half of those asked for before have come. */
  private ask(): void {
    if (
      this.consumer === undefined ||
      this.isStopped ||
      this.held.length > 0 ||
      this.link.state !== 'connected'
    )
      return
    const { room, messageRecords } = this.options
    const fitting = Math.min(MOST_MESSAGES, Math.floor(room() / messageRecords))
    const batch = fitting - this.requested
    if (batch <= 0 || (this.requested > 0 && batch < fitting / 2)) return
    this.requested += batch
    const ask = { batch, expires: EXPIRES_MS * NS_PER_MS, idle_heartbeat: HEARTBEAT_MS * NS_PER_MS }
    const api = `$JS.API.CONSUMER.MSG.NEXT.${this.stream.info.config.name}.${this.consumer}`
    this.link.connection.publish(api, JSON.stringify(ask), { reply: this.inbox })
  }

  private receive(message: Msg): void {
    if (this.isStarting || this.isStopped) return
    this.heardMs = performance.now()
    const code = message.headers?.code ?? 0
    if (code !== 0) return this.status(code, message.headers!)
    const place = placeOf(message.reply ?? '')
    if (place === undefined) return this.restart('a message without its place')
    if (place.consumer !== this.consumerSequence + 1 || place.stream < this.next) {
      this.gaps++
      return this.restart('a message was left out')
    }
    this.backoff.reset()
    this.consumerSequence = place.consumer
    this.next = place.stream + 1
    this.messages++
    this.requested--
    const { take } = this.options
    if (this.held.length > 0 || !take(message.data, place.stream, message.subject))
      this.held.push({ payload: message.data, sequence: place.stream, subject: message.subject })
    this.ask()
  }

  /** A request is over, or the consumer is; a heartbeat is neither. */
  private status(code: number, head: MsgHdrs): void {
    if (code === 100) return
    const unfilled = Number(head.get('Nats-Pending-Messages') || Number.NaN)
    if (Number.isNaN(unfilled)) return this.restart(head.description)
    this.requested -= unfilled
    this.ask()
  }

  private look(): void {
    if (this.consumer === undefined || this.link.state !== 'connected' || this.isStarting) return
    if (this.requested > 0 && performance.now() - this.heardMs > STALL_MS)
      this.restart('the consumer is silent')
    else this.ask()
  }

  private stateChanged(state: NatsState): void {
    if (state === 'connected') this.restart('the connection broke')
  }
}

/** `$JS.ACK.<stream>.<consumer>.<delivered>.<stream seq>.<consumer seq>...`; newer servers put a domain and an account in front. */
function placeOf(reply: string): { stream: number; consumer: number } | undefined {
  const tokens = reply.split('.')
  if (tokens[1] !== 'ACK') return undefined
  const at = tokens.length >= 11 ? 7 : 5
  const [stream, consumer] = [Number(tokens[at]), Number(tokens[at + 1])]
  return Number.isSafeInteger(stream) && Number.isSafeInteger(consumer) ? { stream, consumer } : undefined
}
