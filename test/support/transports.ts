import type { IngestFrom, PublishTo } from '../../src/operators/index.ts'
import { Batch, RECORD_WORDS } from '../../src/book/index.ts'
import {
  encodeFrame,
  FrameFlag,
  FrameKind,
  FrameReader,
  recordsOf,
  newSource,
} from '../../src/transport/frame.ts'
import { connectNats, isProblem, type NatsLink } from '../../src/transport/nats/connection.ts'
import { creditOver } from '../../src/transport/nats/credit-link.ts'
import { JetStreamOutlet } from '../../src/transport/nats/jetstream-outlet.ts'
import { JetStreamReader } from '../../src/transport/nats/jetstream-reader.ts'
import { openStream } from '../../src/transport/nats/stream-setup.ts'
import { WebSocket } from 'ws'
import { CreditGiver } from '../../src/transport/credit-giver.ts'
import { CreditSender } from '../../src/transport/credit-sender.ts'
import { bytesOfMessage } from '../../src/transport/websocket/server.ts'
import { NatsServer } from './nats-server.ts'
import { freePort } from './server-process.ts'
import { RedisServer } from './redis-server.ts'

/** Who sends commands to a source under test, frame by frame, and loses none. */
export interface Sender {
  /** Sends records `from` up to `to`; resolves when there is room for more. */
  send(words: Int32Array, from: number, to: number): Promise<void>
  /** Sends bytes that are no good frame. */
  sendBad(bytes: Uint8Array): Promise<void>
  /** Resolves when the other side has everything. */
  drain(): Promise<void>
  close(): Promise<void>
}

/** Who reads what a sink under test publishes. */
export interface Reader {
  /** All records so far, in order. */
  readonly words: () => Int32Array
  /** Resolves when so many records have come. */
  until(records: number): Promise<void>
  close(): Promise<void>
}

/** One way to carry records between processes, with a server of its own where it needs one. */
export interface Transport {
  readonly name: string
  /** What the stage says; `name` keeps tests apart. */
  from(name: string): IngestFrom
  to?(name: string): PublishTo
  sender(name: string): Promise<Sender>
  reader?(name: string): Promise<Reader>
  /** Breaks it, and mends it. */
  cut(): Promise<void>
  stop(): Promise<void>
}

/** A frame of commands in a test. */
export function commandFrame(
  words: Int32Array,
  from: number,
  to: number,
  source = 1n,
  flags = 0,
): Uint8Array {
  return encodeFrame({ kind: FrameKind.commands, firstSequence: from + 1, source, flags }, words, from, to)
}

/** Records in order of arrival, and who waits for so many. */
export class Collected {
  private readonly parts: Int32Array[] = []
  private count = 0
  private waiting: { readonly records: number; readonly resolve: () => void }[] = []
  private readonly frames = new FrameReader()

  addFrame(bytes: Uint8Array): void {
    const fault = this.frames.read(bytes)
    if (fault !== undefined) throw new Error(`a bad frame: ${fault}`)
    this.add(recordsOf(bytes, this.frames))
  }

  /** As `addFrame`, but for what is there already, by the sender's numbers. */
  addNew(bytes: Uint8Array): void {
    const fault = this.frames.read(bytes)
    if (fault !== undefined) throw new Error(`a bad frame: ${fault}`)
    if (this.frames.firstSequence > this.count + 1)
      throw new Error(`a gap before ${this.frames.firstSequence}`)
    if (this.frames.firstSequence === this.count + 1) this.add(recordsOf(bytes, this.frames))
  }

  get words(): Int32Array {
    const all = new Int32Array(this.count * RECORD_WORDS)
    let at = 0
    for (const part of this.parts) {
      all.set(part, at)
      at += part.length
    }
    return all
  }

  until(records: number): Promise<void> {
    if (this.count >= records) return Promise.resolve()
    return new Promise((resolve) => this.waiting.push({ records, resolve }))
  }

  private add(words: Int32Array): void {
    this.parts.push(words)
    this.count += words.length / RECORD_WORDS
    for (const each of this.waiting) if (each.records <= this.count) each.resolve()
    this.waiting = this.waiting.filter((each) => each.records > this.count)
  }
}

async function link(server: NatsServer): Promise<NatsLink> {
  const made = await connectNats({ servers: [server.url] })
  if (isProblem(made)) throw new Error(made.message)
  return made
}

const DRAIN_MS = 20_000

/** Core NATS between Millrace processes: credit in, frames that are numbered out. */
export async function natsTransport(): Promise<Transport> {
  const server = await NatsServer.start()
  return {
    name: 'nats',
    from: (name) => ({ nats: { servers: [server.url], subject: `in.${name}`, capacity: 4_096, senders: 2 } }),
    to: (name) => ({ nats: { servers: [server.url], subject: `out.${name}`, credit: true } }),
    sender: async (name) => {
      const own = await link(server)
      const credit = creditOver(own, `in.${name}`)
      const { source } = credit
      let room = Promise.resolve()
      let open = (): void => {}
      credit.onFull = () => {
        room = new Promise((resolve) => {
          open = resolve
        })
      }
      credit.onRoom = () => open()
      return {
        send: (words, from, to) => {
          const header = {
            kind: FrameKind.commands,
            firstSequence: credit.nextSequence,
            source,
            flags: FrameFlag.credited,
          }
          credit.send(encodeFrame(header, words, from, to), to - from)
          return room
        },
        sendBad: async (bytes) => {
          own.connection.publish(`in.${name}`, bytes)
          await own.connection.flush()
        },
        drain: () => credit.drain(DRAIN_MS),
        close: async () => {
          credit.close()
          await own.close()
        },
      }
    },
    reader: async (name) => {
      const own = await link(server)
      const collected = new Collected()
      const frames = new FrameReader()
      const credit = new CreditGiver((reply, bytes) => own.connection.publish(reply, bytes), 2_048, 1)
      own.connection.subscribe(`out.${name}`, {
        callback: (_, message) => {
          if (frames.read(message.data) !== undefined) return
          if (frames.isHello) return credit.hello(frames, message.reply ?? '')
          const tag = credit.arrived(frames, message.reply ?? '')
          if (tag === undefined) return
          collected.addFrame(message.data)
          credit.taken(tag, frames.count)
        },
      })
      await own.connection.flush()
      return {
        words: () => collected.words,
        until: (records) => collected.until(records),
        close: () => {
          credit.stop()
          return own.close()
        },
      }
    },
    cut: async () => {
      await server.kill()
      await server.start()
    },
    stop: () => server.stop(),
  }
}

export async function jetStreamTransport(): Promise<Transport> {
  const server = await NatsServer.start()
  const create = { maxBytes: 64_000_000 }
  return {
    name: 'jetstream',
    from: (name) => ({
      jetstream: {
        servers: [server.url],
        stream: `in-${name}`,
        subjects: [`in.${name}`],
        create,
        capacity: 4_096,
        messageRecords: 512,
      },
    }),
    to: (name) => ({
      jetstream: { servers: [server.url], stream: `out-${name}`, subject: `out.${name}`, create },
    }),
    sender: async (name) => {
      const own = await link(server)
      const stream = await openStream(own, `in-${name}`, [`in.${name}`], create)
      const outlet = new JetStreamOutlet(own, stream, { exclusive: true, bufferBytes: 65_536 })
      let room = Promise.resolve()
      let open = (): void => {}
      outlet.onFull = () => {
        room = new Promise((resolve) => {
          open = resolve
        })
      }
      outlet.onRoom = () => open()
      return {
        send: (words, from, to) => {
          outlet.publish(`in.${name}`, commandFrame(words, from, to), crypto.randomUUID())
          return room
        },
        sendBad: async (bytes) => outlet.publish(`in.${name}`, bytes, crypto.randomUUID()),
        drain: () => outlet.drain(DRAIN_MS),
        close: () => own.close(),
      }
    },
    reader: async (name) => {
      const own = await link(server)
      const collected = new Collected()
      const stream = await openStream(own, `out-${name}`, [`out.${name}`, `out.${name}.json`], create)
      const reader = new JetStreamReader(own, stream, 1, {
        messageRecords: 256,
        room: () => 65_536,
        take: (payload) => {
          collected.addFrame(payload)
          return true
        },
      })
      return {
        words: () => collected.words,
        until: (records) => collected.until(records),
        close: () => {
          reader.stop()
          return own.close()
        },
      }
    },
    cut: async () => {
      await server.kill()
      await server.start()
    },
    stop: () => server.stop(),
  }
}

/** Redis Streams: frames in entries, read as one consumer of a group. */
export async function redisTransport(): Promise<Transport> {
  const server = await RedisServer.start()
  return {
    name: 'redis',
    from: (name) => ({
      redisStreams: {
        url: server.url,
        streams: [`in:${name}`],
        capacity: 4_096,
        entryRecords: 512,
        claimIdleMs: 1_000,
      },
    }),
    sender: async (name) => {
      const redis = server.connect()
      let number = 0
      const add = async (bytes: Uint8Array): Promise<void> => {
        const id = `1-${++number}`
        for (;;)
          try {
            await redis.xadd(`in:${name}`, id, 'frame', Buffer.from(bytes))
            return
          } catch (error) {
            // An entry that was added before the connection broke.
            if (/equal or smaller/.test((error as Error).message)) return
            await new Promise((resolve) => setTimeout(resolve, 20))
          }
      }
      return {
        send: (words, from, to) => add(commandFrame(words, from, to)),
        sendBad: add,
        drain: () => Promise.resolve(),
        close: async () => redis.disconnect(),
      }
    },
    cut: async () => {
      await server.kill()
      await server.start()
    },
    stop: () => server.stop(),
  }
}

/** WebSockets: credit in, frames that are numbered out; a cut breaks every connection. */
export async function webSocketTransport(): Promise<Transport> {
  const ports = new Map<string, number>()
  for (const name of ['plain', 'held', 'cut', 'bad', 'stop', 'events']) ports.set(name, await freePort())
  const sockets = new Set<WebSocket>()
  /** Stays connected: opens again when it is closed. */
  const connect = (
    address: () => string,
    onOpen: () => void,
    onMessage: (bytes: Uint8Array) => void,
  ): { current: WebSocket | undefined; close: () => void } => {
    let isClosed = false
    const state: { current: WebSocket | undefined; close: () => void } = {
      current: undefined,
      close: () => {
        isClosed = true
        state.current?.terminate()
      },
    }
    const open = (): void => {
      if (isClosed) return
      const socket = new WebSocket(address())
      sockets.add(socket)
      socket.on('error', () => {})
      socket.on('open', () => {
        state.current = socket
        onOpen()
      })
      socket.on('message', (data) => onMessage(bytesOfMessage(data)))
      socket.on('close', () => {
        sockets.delete(socket)
        state.current = undefined
        setTimeout(open, 10)
      })
    }
    open()
    return state
  }
  return {
    name: 'webSocket',
    from: (name) => ({ websocket: { port: ports.get(name)!, capacity: 65_536 } }),
    to: (name) => ({ websocket: { port: ports.get(name)! } }),
    sender: async (name) => {
      let socket: { current: WebSocket | undefined; close: () => void } | undefined = undefined as
        { current: WebSocket | undefined; close: () => void } | undefined
      const credit = new CreditSender((frame) => socket?.current?.send(frame), newSource())
      socket = connect(
        () => `ws://127.0.0.1:${ports.get(name)}`,
        () => {
          credit.hello()
          credit.resend()
        },
        (bytes) => credit.take(bytes),
      )
      let room = Promise.resolve()
      let open = (): void => {}
      credit.onFull = () => {
        room = new Promise((resolve) => {
          open = resolve
        })
      }
      credit.onRoom = () => open()
      return {
        send: (words, from, to) => {
          const { source, nextSequence: firstSequence } = credit
          const header = { kind: FrameKind.commands, firstSequence, source, flags: FrameFlag.credited }
          credit.send(encodeFrame(header, words, from, to), to - from)
          return room
        },
        sendBad: async (bytes) => socket.current?.send(bytes),
        drain: () => credit.drain(DRAIN_MS),
        close: async () => {
          credit.close()
          socket.close()
        },
      }
    },
    reader: async (name) => {
      const collected = new Collected()
      let query = '?from=oldest'
      const frames = new FrameReader()
      const socket = connect(
        () => `ws://127.0.0.1:${ports.get(name)}/${query}`,
        () => {},
        (bytes) => {
          collected.addNew(bytes)
          if (frames.read(bytes) === undefined)
            query = `?source=${frames.source}&next=${frames.firstSequence + frames.count}`
        },
      )
      return {
        words: () => collected.words,
        until: (records) => collected.until(records),
        close: async () => socket.close(),
      }
    },
    cut: async () => {
      for (const socket of sockets) socket.terminate()
    },
    stop: async () => {
      for (const socket of sockets) socket.terminate()
    },
  }
}

/** Copies of the records of batches, for what comes out of a stream. */
export function joined(batches: readonly Batch[]): Int32Array {
  const all = new Int32Array(batches.reduce((sum, { count }) => sum + count * RECORD_WORDS, 0))
  let at = 0
  for (const { words, count } of batches) {
    all.set(words.subarray(0, count * RECORD_WORDS), at)
    at += count * RECORD_WORDS
  }
  return all
}
