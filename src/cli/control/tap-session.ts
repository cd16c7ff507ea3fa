import type { Socket } from 'node:net'
import { RECORD_WORDS, type Batch } from '../../book/index.ts'
import { edgeName } from '../../pipeline/execution/build.ts'
import { EventText } from '../../operators/sinks/event-text.ts'
import type { Supervisor } from '../../pipeline/reload/supervisor.ts'
import { CommandText } from './command-text.ts'
import { matchesGlob } from './glob.ts'

export interface TapRequest {
  /** Of stages and edges, such as `match`, `*->lines`, `risk*`. By default every stage. */
  readonly glob?: string | undefined
  /** Records after which it ends. */
  readonly count?: number | undefined
  /** Records a second that are shown at most; others are passed over, and counted. */
  readonly rate?: number | undefined
}

/** A line of a tap. */
export type TapLine =
  /** What is looked at, before any record. */
  | { readonly taps: readonly string[] }
  | { readonly at: string; readonly record: unknown }
  | { readonly done: true; readonly shown: number; readonly skipped: number }

/** Characters that may wait for who looks on; what is more is passed over. Nothing waits for a slow terminal. */
const MOST_WAITING = 1_048_576

/** Shows records as they go by. */
export class TapSession {
  private readonly socket: Socket
  private readonly supervisor: Supervisor
  private readonly request: TapRequest
  private readonly events: EventText
  private readonly commands: CommandText
  private shown = 0
  private skipped = 0
  private windowMs = -Infinity
  private inWindow = 0
  private end: () => void = () => {}

  constructor(socket: Socket, supervisor: Supervisor, request: TapRequest) {
    this.socket = socket
    this.supervisor = supervisor
    this.request = request
    const { market } = supervisor.pipeline
    this.events = new EventText(market)
    this.commands = new CommandText(market)
  }

  /** @throws RangeError that lists what there is, if nothing matches */
  start(): void {
    const kinds = kindsOf(this.supervisor)
    const { glob } = this.request
    const isPattern = glob !== undefined && /[*?]/.test(glob)
    const names = [...kinds.keys()].filter((name) =>
      glob === undefined || (isPattern && !glob.includes('>'))
        ? !name.includes('>') && matchesGlob(glob ?? '*', name)
        : matchesGlob(glob, name),
    )
    if (names.length === 0)
      throw new RangeError(`no stage or edge is called ${glob}: there are ${[...kinds.keys()].join(', ')}`)
    const seen = names.filter((name) => threadOf(this.supervisor, name) === undefined)
    if (seen.length === 0)
      throw new RangeError(
        `${names[0]} runs on thread ${threadOf(this.supervisor, names[0]!)}: it cannot be looked at from here`,
      )
    this.send({ taps: seen })
    const taps = seen.map((name) =>
      this.supervisor
        .tap(tappedAt(this.supervisor, name))
        .subscribe((batch) => this.show(name, kinds.get(name)!, batch)),
    )
    this.end = () => taps.forEach((tap) => tap.unsubscribe())
    this.socket.on('close', () => this.end())
  }

  private show(at: string, kind: 'command' | 'event', { words, count }: Batch): void {
    const { count: most = Infinity } = this.request
    for (let record = 0; record < count && this.shown < most; record++) {
      if (this.isTooMuch()) {
        this.skipped++
        continue
      }
      const word = record * RECORD_WORDS
      const text =
        kind === 'event' ? this.events.line(words, word).trimEnd() : this.commands.line(words, word)
      if (text === '') continue
      this.shown++
      this.socket.write(`{"at":${JSON.stringify(at)},"record":${text}}\n`)
    }
    if (this.shown < most) return
    this.end()
    if (!this.socket.writableEnded) {
      this.send({ done: true, shown: this.shown, skipped: this.skipped })
      this.socket.end()
    }
  }

  private isTooMuch(): boolean {
    if (this.socket.writableLength > MOST_WAITING) return true
    const { rate = Infinity } = this.request
    const nowMs = performance.now()
    if (nowMs - this.windowMs >= 1_000) {
      this.windowMs = nowMs
      this.inWindow = 0
    }
    return ++this.inWindow > rate
  }

  private send(line: TapLine): void {
    this.socket.write(`${JSON.stringify(line)}\n`)
  }
}

/** Where stages are fused there is no edge: what would go into it is what the first one gives. */
function tappedAt({ definition, pipeline }: Supervisor, name: string): string {
  const isCut = pipeline.plan.edges.some(({ id }) => edgeName(id) === name)
  const fused = definition.connections.find(({ from, to }) => `${from}->${to}` === name)
  return isCut || fused === undefined ? name : fused.fromStage
}

/** The thread that a stage, or the one that writes to an edge, runs on; undefined for the main one. */
function threadOf({ pipeline }: Supervisor, name: string): string | undefined {
  const [id] = name.split(/\.|->/)
  return pipeline.plan.islands.find(({ stages }) => stages.some(({ stage }) => stage.id === id))?.placement
    ?.thread
}

/** What can be looked at, and which records it has: stages by their ids, edges as `FROM->TO`. */
function kindsOf({ definition }: Supervisor): Map<string, 'command' | 'event'> {
  const kinds = new Map<string, 'command' | 'event'>()
  const carried = (id: string): 'command' | 'event' | undefined =>
    definition.connections.find(({ fromStage }) => fromStage === id)?.kind
  for (const { id, operator } of definition.stages) kinds.set(id, carried(id) ?? operator.produces)
  for (const { from, to, kind } of definition.connections) kinds.set(`${from}->${to}`, kind)
  return kinds
}
