import { createMappedFile, MappedFileError, openMappedFile, type MappedFile } from '../mapped-file.ts'
import { processParking } from './futex-parking.ts'
import { formatRing, OPEN, OWNER_WORDS, ringBytes, RingState, STATE, type RingOptions } from './layout.ts'
import { Peer, PEER_WORDS, type PeerState, type RingEnd } from './peer.ts'
import { Ring } from './ring.ts'
import { SpscReader } from './spsc-reader.ts'
import { SpscWriter } from './spsc-writer.ts'

/** Records that a ring in a file holds unless another number is asked for: 4 MiB of them. */
export const SHARED_RING_RECORDS = 65_536

/** Behind the words of the two peers. */
const CONTENTS = OWNER_WORDS + 2 * PEER_WORDS

/** How long a side sleeps before it looks whether it is to go on. Waking it takes no part of that. */
const SLEEP_MS = 200

/**
 * One end of a ring in a file, through which two processes exchange records: no socket, no copy in between. There is one
 * writer and one reader; either may die at any moment and come back, and goes on at what was published and released.
 *
 * Use `openRingWriter` and `openRingReader`.
 */
class SharedRing<Side> {
  readonly path: string
  readonly ring: Ring
  /** What to write with, or to read with. */
  readonly side: Side
  /**
   * Two words that say what the records are, in numbers that the two processes agree on; 0 where nobody has said. The
   * writer sets them, the reader holds them against what it expects.
   */
  readonly contents: Int32Array
  private readonly file: MappedFile
  private readonly own: Peer
  private readonly other: Peer
  private waiting: Promise<unknown>
  private isWaitOver: boolean
  private isClosed: boolean

  constructor(file: MappedFile, ring: Ring, side: Side, own: Peer, other: Peer) {
    this.path = file.path
    this.ring = ring
    this.side = side
    this.contents = ring.words.subarray(CONTENTS, CONTENTS + 2)
    this.file = file
    this.own = own
    this.other = other
    this.waiting = Promise.resolve()
    this.isWaitOver = false
    this.isClosed = false
  }

  get peer(): PeerState {
    return this.other.state()
  }

  get peerPid(): number {
    return this.other.pid
  }

  /** How often this end was taken, this time included. */
  get comings(): number {
    return this.own.comings
  }

  /** Lets go of the end and of the memory. What waits for the other side stops doing so. */
  async close(): Promise<void> {
    if (this.isClosed) return
    this.isClosed = true
    this.stopWaiting()
    await this.waiting
    this.own.give()
    this.file.close()
  }

  /** Lets go of whoever waits for the other side, now or later. */
  stopWaiting(): void {
    this.isWaitOver = true
  }

  /** Waits in pieces, until there is what was waited for or this end is closed. */
  protected until(wait: (timeoutMs: number) => Promise<boolean>): Promise<void> {
    const waited = (async (): Promise<void> => {
      while (!this.isWaitOver && !(await wait(SLEEP_MS)));
    })()
    this.waiting = waited
    return waited
  }
}

export class SharedRingWriter extends SharedRing<SpscWriter> {
  /** Resolves when there is room, or when this end is closed. */
  untilRoom(records = 1): Promise<void> {
    return this.until((timeoutMs) => this.side.waitForRoom(records, timeoutMs))
  }
}

export class SharedRingReader extends SharedRing<SpscReader> {
  /** Resolves when there is a record, when there will be none, or when this end is closed. */
  untilRecords(): Promise<void> {
    return this.until((timeoutMs) => this.side.waitForRecords(timeoutMs))
  }

  /** The end of the stream was seen and all before it is dealt with: who comes next waits for a new writer. */
  acknowledgeEnd(): void {
    Atomics.compareExchange(this.ring.words, STATE, RingState.ended, RingState.open)
  }
}

/**
 * Opens the writing end of a ring in a file, which is made if it is not there.
 * @param capacity records, a power of two; must be that of the file if it is there
 * @throws MappedFileError: `EBUSY` if a process writes there that lives, `EINVAL` if the file is something else
 */
export async function openRingWriter(
  path: string,
  capacity: number = SHARED_RING_RECORDS,
): Promise<SharedRingWriter> {
  const file = makeOrOpen(path, { capacity })
  return takeEnd(file, 'writer', (ring, own, other) => {
    if (ring.capacity !== capacity)
      throw new MappedFileError(path, 'EINVAL', `holds ${ring.capacity} records, ${capacity} were asked for`)
    const { words, layout } = ring
    Atomics.store(words, layout.producerWants, 0)
    Atomics.store(words, OPEN, 1)
    Atomics.store(words, STATE, RingState.open)
    const side = new SpscWriter(words, layout, processParking(words, file.address))
    return new SharedRingWriter(file, ring, side, own, other)
  })
}

/**
 * Opens the reading end of a ring in a file that there is.
 * @throws MappedFileError: `ENOENT` if it is not there, `EBUSY` if a process reads there that lives
 */
export async function openRingReader(path: string): Promise<SharedRingReader> {
  const file = openMappedFile(path)
  return takeEnd(file, 'reader', (ring, own, other) => {
    const { words, layout } = ring
    Atomics.store(words, layout.consumerWants, 0)
    const side = new SpscReader(words, layout, processParking(words, file.address))
    return new SharedRingReader(file, ring, side, own, other)
  })
}

/** An empty ring in a file that is not there yet, for whoever wants it before its two ends are. */
export function createRingFile(path: string, options: RingOptions): void {
  makeRing(path, options).close()
}

/** Two that come at the same time both find the file of one of them. */
function makeOrOpen(path: string, options: RingOptions): MappedFile {
  for (;;) {
    try {
      return openMappedFile(path)
    } catch (error) {
      if ((error as MappedFileError).code !== 'ENOENT') throw error
    }
    try {
      return makeRing(path, options)
    } catch (error) {
      if ((error as MappedFileError).code !== 'EEXIST') throw error
    }
  }
}

function makeRing(path: string, options: RingOptions): MappedFile {
  return createMappedFile(path, ringBytes(options), (buffer) => {
    formatRing(buffer, options)
  })
}

async function takeEnd<End>(
  file: MappedFile,
  end: RingEnd,
  make: (ring: Ring, own: Peer, other: Peer) => End,
): Promise<End> {
  let own: Peer | undefined
  try {
    const ring = ringIn(file)
    const peer = new Peer(file.buffer, end)
    const holder = await peer.take()
    if (holder !== undefined)
      throw new MappedFileError(file.path, 'EBUSY', `process ${holder} is its ${end} already`)
    own = peer
    return make(ring, own, new Peer(file.buffer, end === 'writer' ? 'reader' : 'writer'))
  } catch (error) {
    own?.give()
    file.close()
    throw error
  }
}

function ringIn(file: MappedFile): Ring {
  try {
    return new Ring(file.buffer)
  } catch (error) {
    throw new MappedFileError(file.path, 'EINVAL', (error as Error).message)
  }
}
