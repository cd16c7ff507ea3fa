import { type Batch, RECORD_WORDS } from '../../book/index.ts'
import { readU64, SEQUENCE } from '../../book/record.ts'
import type { Market } from '../../pipeline/market.ts'
import { Arrivals } from '../input/arrivals.ts'

/** Called once with all events that a command has caused, one record after the other; the array is the caller's. */
export type Reply = (events: Int32Array) => void

/** A command that came in by the door, and what is known of its answer. */
interface Submission {
  readonly reply: Reply
  events: number[]
}

/** Sources that number their orders themselves, such as the simulator, stay below. */
const FIRST_ORDER = 2 ** 40

/** Commands that may wait to be taken in. */
const CAPACITY = 65_536

/**
 * Where commands of an API come into a pipeline, and find out what became of them. One source takes them in, one step
 * behind match sees the events; a command and its events have the same sequence.
 */
export class ApiDoor {
  /** Whether a stage behind the engine hands its events on. */
  isAnswered: boolean
  private readonly market: Market
  private readonly arrivals: Arrivals
  private readonly submissions: Map<number, Submission>
  /** By sequence, once it has one. */
  private readonly waiting: Map<number, Submission>
  private readonly done: Submission[]
  private tag: number
  private current: Submission | undefined
  private currentSequence: number

  constructor(market: Market) {
    this.isAnswered = false
    this.market = market
    market.orders.startAbove(FIRST_ORDER)
    this.arrivals = new Arrivals(market, CAPACITY)
    this.submissions = new Map()
    this.waiting = new Map()
    this.done = []
    this.tag = 0
    this.current = undefined
    this.currentSequence = 0
  }

  /** Commands that have come in and have no answer yet. */
  get open(): number {
    return this.submissions.size + this.waiting.size
  }

  get isEmpty(): boolean {
    return this.arrivals.isEmpty
  }

  /**
   * Takes in one command.
   * @param line a JSON object without a line break
   * @returns false if there is no room: try again later
   */
  submit(line: string, reply: Reply): boolean {
    if (this.arrivals.room === 0) return false
    const tag = ++this.tag
    this.submissions.set(tag, { reply, events: [] })
    this.arrivals.pushText(Buffer.from(line), tag)
    return true
  }

  ready(): Promise<void> {
    return this.arrivals.ready()
  }

  /** Ends a wait for commands. */
  tell(): void {
    this.arrivals.queue.tell()
  }

  pull(batch: Batch, upTo: number): void {
    this.arrivals.onTaken = (tag, first, count) => {
      const submission = this.submissions.get(tag)
      if (submission === undefined || count === 0) return
      this.submissions.delete(tag)
      this.waiting.set(this.market.sequence + first + 1, submission)
    }
    this.arrivals.pull(batch, upTo)
  }

  /** Sees an event of the engine. All events of a command come one after the other. */
  event(words: Int32Array, at: number): void {
    if (this.waiting.size === 0 && this.current === undefined) return
    const sequence = readU64(words, at + SEQUENCE)
    if (sequence !== this.currentSequence) {
      this.currentSequence = sequence
      this.current = this.waiting.get(sequence)
      if (this.current !== undefined) {
        this.waiting.delete(sequence)
        this.done.push(this.current)
      }
    }
    if (this.current !== undefined)
      for (let i = 0; i < RECORD_WORDS; i++) this.current.events.push(words[at + i]!)
  }

  /** The events of a batch are through: whoever waits is told. */
  flush(): void {
    this.current = undefined
    this.currentSequence = 0
    for (const { reply, events } of this.done) reply(Int32Array.from(events))
    this.done.length = 0
  }
}

const doors = new WeakMap<object, ApiDoor>()

/** The door of a market: one, whoever asks first. */
export function apiDoor(market: Market): ApiDoor {
  // Views of one market share its table of instruments.
  const key = market.instruments
  const known = doors.get(key)
  if (known !== undefined) return known
  const door = new ApiDoor(market)
  doors.set(key, door)
  return door
}
