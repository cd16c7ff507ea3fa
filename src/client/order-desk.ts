import { type Msg, type NatsConnection } from '@nats-io/nats-core'
import { Batch } from '../book/batch.ts'
import { pushCommand, type Command } from '../book/command.ts'
import { readEvent, type EngineEvent } from '../book/event.ts'
import { RECORD_WORDS } from '../book/record.ts'
import { encodeFrame, FrameKind, FrameReader, newSource, recordsOf } from '../transport/frame.ts'

/** The engine's answer to a command: the first event that it caused. */
export type Answer = EngineEvent & {
  /** Whether an order with this id had come before: this is the answer that it had. */
  readonly isDuplicate: boolean
}

/** Why a whole message was not taken. */
export class RequestRefused extends Error {
  /** `busy`, `frame`, `count`, `subject`. */
  readonly code: string

  constructor(code: string, detail: string) {
    super(`${code}: ${detail}`)
    this.name = 'RequestRefused'
    this.code = code
  }
}

const TRY_MS = 1_000
const PAUSE_MS = 50

/**
 * Sends commands and waits for their answers. A message that is not answered in time is sent again until it is, or the
 * time is over: an order is known by client and id, so it is never doubled.
 */
export class OrderDesk {
  retries = 0
  private readonly connection: NatsConnection
  private readonly subject: string
  private readonly source: bigint
  private next: number

  constructor(connection: NatsConnection, subject: string) {
    this.connection = connection
    this.subject = subject
    this.source = newSource()
    this.next = 1
  }

  /**
   * @param timeoutMs how long to try
   * @returns the answers, one for each command, in their order
   * @throws RequestRefused if the message was not taken, Error if there was no answer in time
   */
  async send(commands: readonly Command[], timeoutMs: number): Promise<Answer[]> {
    const batch = new Batch(Math.max(1, commands.length))
    for (const command of commands) pushCommand(batch, command)
    const header = { kind: FrameKind.commands, firstSequence: this.next, source: this.source }
    this.next += commands.length
    const frame = encodeFrame(header, batch.words, 0, batch.count)
    const deadline = performance.now() + timeoutMs
    for (;;) {
      const left = deadline - performance.now()
      const reply = await this.connection
        .request(this.subject, frame, { timeout: Math.max(1, Math.min(TRY_MS, left)) })
        .catch(() => undefined)
      const answers = reply === undefined ? undefined : answersOf(reply)
      if (Array.isArray(answers)) return answers
      if (answers !== undefined && answers.code !== 'busy') throw answers
      if (performance.now() + PAUSE_MS >= deadline)
        throw answers ?? new Error(`no answer from ${this.subject} within ${timeoutMs} ms`)
      this.retries++
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS))
    }
  }
}

function answersOf(reply: Msg): Answer[] | RequestRefused {
  const reader = new FrameReader()
  if (reader.read(reply.data) !== undefined || reader.kind !== FrameKind.events) {
    const { error = 'frame', detail = 'not an answer' } = parse(reply)
    return new RequestRefused(error, detail)
  }
  const again = new Set(
    (reply.headers?.get('Millrace-Duplicates') ?? '').split(',').filter(Boolean).map(Number),
  )
  const words = recordsOf(reply.data, reader)
  return Array.from({ length: reader.count }, (_, i) => ({
    ...readEvent(words, i * RECORD_WORDS),
    isDuplicate: again.has(i),
  }))
}

function parse(reply: Msg): { error?: string; detail?: string } {
  try {
    return reply.json()
  } catch {
    return {}
  }
}
