import { extname } from 'node:path'
import { MessageChannel, receiveMessageOnPort, Worker, type MessagePort } from 'node:worker_threads'
import type { Batch } from '../book/batch.ts'
import { configurationOf } from './configuration.ts'
import { EventRing, RingState } from './event-ring.ts'
import type { JournalHost } from './host.ts'
import type { JournalSettings } from './options.ts'
import { JournalError } from './problem.ts'

export interface EventWorkerData {
  readonly shared: SharedArrayBuffer
  readonly dir: string
  /** Number of the first segment to be written. */
  readonly number: number
  readonly segmentBytes: number
  /** Whether files are on the disk before they are used. */
  readonly isSynced: boolean
  readonly configuration: string
  /** Takes the message of why it failed. */
  readonly problems: MessagePort
}

/** Events on their way into their log: handed to a thread of its own, which writes them. */
export class EventLog {
  private readonly dir: string
  private readonly ring: EventRing
  private readonly worker: Worker
  private readonly exited: Promise<void>
  private readonly problems: MessagePort
  private problem: string | undefined

  constructor(data: Omit<EventWorkerData, 'shared' | 'problems'>) {
    this.dir = data.dir
    this.ring = new EventRing()
    this.problem = undefined
    const { port1, port2 } = new MessageChannel()
    this.problems = port1
    const { shared } = this.ring
    this.worker = startWorker('event-worker', { ...data, shared, problems: port2 }, [port2])
    this.worker.on('error', (error) => {
      this.problem ??= String(error)
      this.ring.end(RingState.failed)
    })
    this.exited = new Promise((resolve) => this.worker.on('exit', () => resolve()))
    this.worker.unref()
  }

  /**
   * Hands events over; waits while there is no room for them.
   * @throws JournalError if the log cannot be written any more
   */
  put(events: Batch): void {
    if (!this.ring.put(events.words, events.count)) throw this.failure()
  }

  /** Asks for the next segment of commands to be prepared. */
  askForSegment(): void {
    this.ring.askForSegment()
  }

  /** Resolves when all events are with the system. Rejects with a JournalError if they cannot be written. */
  async close(): Promise<void> {
    if (this.ring.state === RingState.open) this.ring.end(RingState.closing)
    this.worker.ref()
    await this.exited
    this.problems.close()
    if (this.ring.state === RingState.failed) throw this.failure()
  }

  private failure(): JournalError {
    // Asked for, not listened to: whoever puts events in gives no turn to anything else.
    this.problem ??= receiveMessageOnPort(this.problems)?.message
    return new JournalError(this.dir, this.problem ?? 'events cannot be written any more')
  }
}

/** Starts a thread of this folder: its source in a checkout, the built file in an installed package. */
export function startWorker(
  name: string,
  workerData: unknown,
  transferList: readonly MessagePort[] = [],
): Worker {
  const file = new URL(`./${name}${extname(import.meta.url)}`, import.meta.url)
  return new Worker(file, { workerData, transferList: [...transferList] })
}

/** Begins the log of events of a journal with a segment of a number. */
export function openEventLog(
  { dir, segmentBytes, durability }: JournalSettings,
  { marketData, instruments }: JournalHost,
  number: number,
): EventLog {
  return new EventLog({
    dir,
    segmentBytes,
    isSynced: durability === 'disk',
    number,
    configuration: JSON.stringify(configurationOf(1, marketData, instruments)),
  })
}
