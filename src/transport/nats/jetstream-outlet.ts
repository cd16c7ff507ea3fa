import { createInbox, headers, type Msg, type Subscription } from '@nats-io/nats-core'
import { Backoff } from '../backoff.ts'
import type { Outlet } from '../outlet.ts'
import type { NatsLink, NatsState } from './connection.ts'
import type { OpenStream } from './stream-setup.ts'

interface Pending {
  readonly subject: string
  readonly payload: Uint8Array
  readonly id: string
  sentMs: number
}

export interface JetStreamOutletOptions {
  /** Whether nobody else writes to the stream: then many messages may be on their way, and a second writer is found out. */
  readonly exclusive: boolean
  /** Bytes that may wait before `onFull`. */
  readonly bufferBytes: number
}

/** Messages on their way to a stream that is ours alone. */
const WINDOW_MESSAGES = 256
const WINDOW_BYTES = 4_194_304
const LOOK_MS = 250
/** No answer for so long counts as a cut. */
const ANSWER_MS = 5_000
const FIRST_RETRY_MS = 10
const MOST_RETRY_MS = 1_000

/** What the server says of a message. */
interface Answer {
  readonly seq?: number
  readonly duplicate?: boolean
  readonly error?: { readonly code: number; readonly err_code?: number; readonly description?: string }
}

const WRONG_LAST_SEQUENCE = 10071

/**
 * Writes messages to a JetStream stream, in order, each once. Every message expects to stand right behind the one
 * before it, so that none is stored while one before it is not; when it is not known what was stored, the end of the
 * stream is read, and what is missing there is sent again. A stream that is full is asked again until it has room.
 */
export class JetStreamOutlet implements Outlet {
  sent: number
  resent: number
  duplicates: number
  /** What the server said last when it did not take a message, and how often it did not. */
  lastRefusal: string | undefined
  refusals: number
  onFull: () => void
  onRoom: () => void
  onFailure: (message: string) => void
  private readonly link: NatsLink
  private readonly stream: OpenStream
  private readonly exclusive: boolean
  private readonly bufferBytes: number
  /** Messages not confirmed, oldest first; the first `out` of them are on their way. */
  private readonly pending: Pending[]
  private out: number
  private outBytes: number
  private waitingBytes: number
  /** Sequence of the last message in the stream, as far as confirmed. */
  private lastSequence: number
  private inbox: string
  private subscription: Subscription
  /** Number of the first message in `pending` since the inbox was made. */
  private firstNumber: number
  private isRecovering: boolean
  private isFull: boolean
  private isClosed: boolean
  private idle: (() => void)[]
  private readonly backoff: Backoff
  private readonly timer: NodeJS.Timeout
  private readonly stopListening: () => void

  constructor(link: NatsLink, stream: OpenStream, options: JetStreamOutletOptions) {
    this.sent = 0
    this.resent = 0
    this.duplicates = 0
    this.lastRefusal = undefined
    this.refusals = 0
    this.onFull = () => {}
    this.onRoom = () => {}
    this.onFailure = () => {}
    this.link = link
    this.stream = stream
    this.exclusive = options.exclusive
    this.bufferBytes = options.bufferBytes
    this.pending = []
    this.out = 0
    this.outBytes = 0
    this.waitingBytes = 0
    this.lastSequence = stream.info.state.last_seq
    this.inbox = createInbox()
    this.firstNumber = 0
    this.subscription = this.listen()
    this.isRecovering = false
    this.isFull = false
    this.isClosed = false
    this.idle = []
    this.backoff = new Backoff(FIRST_RETRY_MS, MOST_RETRY_MS)
    this.timer = setInterval(() => this.look(), LOOK_MS).unref()
    this.stopListening = link.onState((state) => this.stateChanged(state))
  }

  publish(subject: string, payload: Uint8Array, id: string): void {
    this.sent++
    this.pending.push({ subject, payload, id, sentMs: 0 })
    this.waitingBytes += payload.length
    this.advance()
    if (this.waitingBytes < this.bufferBytes || this.isFull) return
    this.isFull = true
    this.onFull()
  }

  settle(): void {}

  async drain(timeoutMs: number): Promise<void> {
    let timer: NodeJS.Timeout | undefined
    try {
      if (this.pending.length > 0)
        await Promise.race([
          new Promise<void>((resolve) => this.idle.push(resolve)),
          new Promise<never>((_, reject) => {
            timer = setTimeout(() => reject(new Error(this.undelivered())), timeoutMs)
          }),
        ])
    } finally {
      clearTimeout(timer)
      this.close()
    }
  }

  figures(): Record<string, unknown> {
    const { duplicates, refusals, lastRefusal, lastSequence } = this
    return {
      stream: this.stream.info.config.name,
      lastSequence,
      duplicates,
      refusals,
      undelivered: this.pending.length,
      ...(lastRefusal === undefined ? {} : { lastRefusal }),
    }
  }

  private undelivered(): string {
    const why = this.lastRefusal === undefined ? '' : ` (${this.lastRefusal})`
    return `${this.pending.length} messages could not be stored in stream ${this.stream.info.config.name}${why}`
  }

  private close(): void {
    this.isClosed = true
    clearInterval(this.timer)
    this.stopListening()
    if (!this.link.connection.isClosed()) this.subscription.unsubscribe()
  }

  private listen(): Subscription {
    return this.link.connection.subscribe(`${this.inbox}.*`, {
      callback: (error, message) => {
        if (error === null) this.answered(message)
      },
    })
  }

  /** Sends what may be on its way. */
  private advance(): void {
    if (this.isRecovering || this.isClosed || this.link.state !== 'connected') return
    const window = this.exclusive ? WINDOW_MESSAGES : 1
    while (this.out < this.pending.length && this.out < window && this.outBytes < WINDOW_BYTES) {
      const message = this.pending[this.out]!
      const head = headers()
      head.set('Nats-Msg-Id', message.id)
      if (this.exclusive) head.set('Nats-Expected-Last-Sequence', String(this.lastSequence + this.out))
      const reply = `${this.inbox}.${this.firstNumber + this.out}`
      message.sentMs = performance.now()
      this.link.connection.publish(message.subject, message.payload, { headers: head, reply })
      this.out++
      this.outBytes += message.payload.length
    }
  }

  private answered(message: Msg): void {
    if (this.isRecovering || this.isClosed) return
    const number = Number(message.subject.slice(this.inbox.length + 1))
    // Answers come in the order of the messages. One that is not next has lost one before it.
    if (number !== this.firstNumber)
      return number > this.firstNumber ? this.recover('an answer is missing') : undefined
    if (message.headers?.code === 503) return this.recover('no stream takes this subject')
    const answer = parse(message.data)
    if (answer === undefined) return this.recover('an answer that is no JSON')
    if (answer.error !== undefined)
      return this.recover(answer.error.description ?? `code ${answer.error.code}`, answer.error.err_code)
    if (answer.duplicate === true) this.duplicates++
    this.backoff.reset()
    // A message that the stream had already does not move its end.
    this.lastSequence = Math.max(this.lastSequence, answer.seq ?? 0)
    if (answer.duplicate === true && this.exclusive && this.out > 1) {
      this.confirmed(1)
      return this.recover('a message was there already')
    }
    this.confirmed(1)
    this.advance()
  }

  /** The oldest messages are in the stream. */
  private confirmed(count: number): void {
    for (const { payload } of this.pending.splice(0, count)) {
      this.waitingBytes -= payload.length
      if (this.out > 0) this.outBytes -= payload.length
      this.out = Math.max(0, this.out - 1)
      this.firstNumber++
    }
    if (this.isFull && this.waitingBytes <= this.bufferBytes / 2) {
      this.isFull = false
      this.onRoom()
    }
    if (this.pending.length > 0) return
    const { idle } = this
    this.idle = []
    for (const resolve of idle) resolve()
  }

  /** It is not known what the stream has: looks, and goes on behind that. */
  private recover(why: string, code?: number): void {
    if (this.isRecovering || this.isClosed) return
    this.isRecovering = true
    if (code !== WRONG_LAST_SEQUENCE) this.lastRefusal = why
    this.refusals++
    void this.recovered().then((isOver) => {
      this.isRecovering = false
      if (isOver) this.advance()
    })
  }

  /** Returns false where there is no way on. */
  private async recovered(): Promise<boolean> {
    this.subscription.unsubscribe()
    for (;;) {
      await new Promise((resolve) => setTimeout(resolve, this.backoff.next()))
      if (this.isClosed) return false
      if (this.link.state !== 'connected') continue
      try {
        const problem = await this.readTail()
        this.inbox = createInbox()
        this.subscription = this.listen()
        if (problem === undefined) return true
        this.lastRefusal = problem
        this.close()
        this.onFailure(problem)
        return false
      } catch (error) {
        this.lastRefusal = (error as Error).message
      }
    }
  }

  /** Finds which of the messages on their way are stored. Returns what is wrong, if somebody else's are. */
  private async readTail(): Promise<string | undefined> {
    const { manager, info } = this.stream
    const { name } = info.config
    const { last_seq: last } = (await manager.streams.info(name)).state
    const sent = this.out
    this.out = 0
    this.outBytes = 0
    this.firstNumber = 0
    if (!this.exclusive) {
      // One was on its way: sent again, it is known by its id.
      this.lastSequence = last
      this.resent += sent
      return undefined
    }
    const stored = last - this.lastSequence
    if (stored > 0) {
      const tail = await manager.streams.getMessage(name, { seq: last })
      const id = tail?.header.get('Nats-Msg-Id')
      if (stored > sent || this.pending[stored - 1]!.id !== id)
        return `stream ${name}: another writer is at work there (exclusive: false lets several write)`
      this.confirmed(stored)
      this.firstNumber = 0
    }
    this.lastSequence = last
    this.resent += sent - Math.max(0, stored)
    return undefined
  }

  private look(): void {
    const first = this.pending[0]
    if (this.isRecovering || this.out === 0 || first === undefined || this.link.state !== 'connected') return
    if (performance.now() - first.sentMs > ANSWER_MS) this.recover('no answer')
  }

  private stateChanged(state: NatsState): void {
    if (state === 'connected' && this.out > 0) this.recover('the connection broke')
    else if (state === 'connected') this.advance()
  }
}

function parse(bytes: Uint8Array): Answer | undefined {
  try {
    return JSON.parse(new TextDecoder().decode(bytes)) as Answer
  } catch {
    return undefined
  }
}
