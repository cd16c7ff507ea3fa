import { readFileSync, statSync } from 'node:fs'
import * as E from 'fp-ts/lib/Either.js'
import { Observable, type Subscription } from 'rxjs'
import type { Batch } from '../../book/index.ts'
import type { PipelineStats } from '../../telemetry/pipeline-stats.ts'
import type { Definition } from '../definition.ts'
import type { RunOptions, RunReport } from '../execution/run-options.ts'
import { messageOf } from '../fault/stage-faults.ts'
import type { StepFailure } from '../operator.ts'
import { formatProblem, type PipelineError } from '../problem.ts'
import type { Pipeline } from '../runtime.ts'
import { diffLines, diffOf, isEmptyDiff, type DefinitionDiff } from './diff.ts'
import { handoverOf, type Handover } from './handover.ts'
import type { Revision, Revisions } from './revisions.ts'
import {
  giveUp,
  prepareBeside,
  swap,
  SwapRefused,
  type Prepare,
  type Running,
  type SwapTimes,
} from './swap.ts'
import { breachesOf, TrialWatch } from './trial-watch.ts'

export interface SupervisorOptions extends Partial<SwapTimes> {
  /** The pipeline file. */
  readonly file: string
  /** Decodes the pipeline file as it is now. */
  readonly load: () => Promise<E.Either<PipelineError, Definition>>
  readonly prepare: Prepare
  /** What every pipeline is run with; `records` bounds all of them together. */
  readonly run: RunOptions
  readonly revisions: Revisions
  /** For so long after a swap budgets and failures are watched, and a breach takes it back. By default 10 s. */
  readonly watchMs?: number | undefined
  /** Told of all that happens, a line or several at once. */
  readonly tell?: ((text: string) => void) | undefined
}

/** Why a reload is asked for that nobody asked for in words. */
export const SAVED = 'saved'

export interface Reloaded {
  /** `refused` leaves the old pipeline running, and `problems` say why. */
  readonly outcome: 'swapped' | 'unchanged' | 'refused'
  readonly problems: readonly string[]
  readonly diff: readonly string[]
  readonly revision?: number | undefined
  /** The latest sequence that the old pipeline handled. */
  readonly sequence?: number | undefined
  /** How long the sources were held. */
  readonly pauseMs?: number | undefined
  readonly notes?: readonly string[]
}

const DEFAULT_TIMES: SwapTimes = { healthMs: 5_000, barrierMs: 5_000 }
const DEFAULT_WATCH_MS = 10_000

/** Runs a pipeline file, and changes the pipeline while it runs when the file has changed. */
export class Supervisor {
  private readonly file: string
  private readonly options: SupervisorOptions
  private readonly times: SwapTimes
  private readonly runOptions: RunOptions
  private current: Running
  /** What is being handed over: its end is not that of the run. */
  private leaving: Running | undefined
  private readonly finished: Promise<RunReport>
  private finish: (over: Promise<RunReport>) => void
  private isOver: boolean
  /** The text of the file that runs. */
  private text: string
  private queue: Promise<unknown>
  private watching: TrialWatch | undefined
  private readonly onSwap: Set<() => void>

  /** @param pipeline set up from the definition with `runOptionsOf(options)`; it is not yet run */
  constructor(definition: Definition, pipeline: Pipeline, options: SupervisorOptions) {
    const { healthMs = DEFAULT_TIMES.healthMs, barrierMs = DEFAULT_TIMES.barrierMs } = options
    this.file = options.file
    this.options = options
    this.times = { healthMs, barrierMs }
    this.runOptions = options.run
    this.current = { definition, pipeline, over: new Promise(() => {}) }
    this.leaving = undefined
    this.finish = () => {}
    this.finished = new Promise((resolve) => {
      this.finish = resolve
    })
    this.isOver = false
    this.text = textOf(this.file)
    this.queue = Promise.resolve()
    this.watching = undefined
    this.onSwap = new Set()
  }

  get definition(): Definition {
    return this.current.definition
  }

  get pipeline(): Pipeline {
    return this.current.pipeline
  }

  /** Runs to the end of the stream, through all reloads. As `Pipeline.run`. */
  async run(): Promise<RunReport> {
    const { definition, pipeline } = this.current
    const began = performance.now()
    this.follow({ definition, pipeline, over: pipeline.run() })
    try {
      const report = await this.finished
      return { ...report, seconds: (performance.now() - began) / 1e3 }
    } finally {
      this.isOver = true
      this.watching?.end()
      await this.queue
    }
  }

  /** The pipeline of the moment under one name: what is asked of it is answered by whichever runs. */
  get live(): Pipeline {
    const now = (): Pipeline => this.current.pipeline
    return {
      ...now(),
      get plan() {
        return now().plan
      },
      run: () => this.run(),
      stats: () => now().stats(),
      latencies: () => now().latencies(),
      recentLatencies: () => now().recentLatencies(),
      tap: (stage) => this.tap(stage),
      abort: () => now().abort(),
    }
  }

  stats(): PipelineStats {
    return this.current.pipeline.stats()
  }

  /** What a stage, or an edge as `FROM->TO`, gives; it goes on over reloads for as long as there is such a stage. */
  tap(stage: string): Observable<Batch> {
    return new Observable((subscriber) => {
      let inner: Subscription | undefined
      const look = (): void => {
        inner?.unsubscribe()
        inner = this.current.pipeline.tap(stage).subscribe((batch) => subscriber.next(batch))
      }
      look()
      this.onSwap.add(look)
      return () => {
        this.onSwap.delete(look)
        inner?.unsubscribe()
      }
    })
  }

  revisions(): Revision[] {
    return this.options.revisions.list()
  }

  /** Keeps the text that runs as a revision, unless there is one that has it. */
  keep(who: string): void {
    const { revisions } = this.options
    try {
      if (revisions.list().some(({ number }) => revisions.text(number) === this.text)) return
    } catch {
      // The next line says why.
    }
    this.record(this.text, { who, why: 'start', diff: [] })
  }

  /** Takes up the file as it is now. Never rejects; one reload is done after the other. */
  reload(who: string, why = 'reload'): Promise<Reloaded> {
    return this.inTurn(() => this.reloadNow(who, why))
  }

  /**
   * Writes the text of a revision to the file and takes it up.
   * @throws RangeError if there is no such revision
   */
  async rollback(number: number, who: string): Promise<Reloaded> {
    this.keep(who)
    this.options.revisions.restore(number)
    return this.reload(who, `rollback to ${number}`)
  }

  private inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = this.queue.then(work)
    this.queue = done.catch(() => {})
    return done
  }

  private async reloadNow(who: string, why: string): Promise<Reloaded> {
    const decoded = await this.options.load()
    if (E.isLeft(decoded)) return this.refused(decoded.left.problems.map(formatProblem), [])
    const text = textOf(this.file)
    const diff = diffOf(this.current.definition, decoded.right)
    if (isEmptyDiff(diff)) {
      if (why !== SAVED || text !== this.text) this.tell(`reload: ${this.file} means what it meant before`)
      if (text !== this.text) this.record(text, { who, why, diff: [] })
      this.text = text
      return { outcome: 'unchanged', problems: [], diff: [] }
    }
    this.keep(who)
    return this.change({ definition: decoded.right, text, diff, who, why, isTrial: true })
  }

  /** Changes over to another definition. */
  private async change(change: Change): Promise<Reloaded> {
    const { definition, text, diff, who, why } = change
    const lines = diffLines(diff).map((line) => definition.redact(this.current.definition.redact(line)))
    this.tell([`reload: ${this.file}`, ...lines.map((line) => `  ${line}`)].join('\n'))
    const old = this.current
    const handover = handoverOf(old.pipeline, old.definition, definition, diff)
    if (!isHandover(handover)) return this.refused(handover, lines)
    this.watching?.end()
    const watch = new TrialWatch(handover.fresh, breachesOf(old.pipeline.stats()))
    try {
      const candidate = await prepareBeside(old, definition, handover, {
        prepare: this.options.prepare,
        options: this.trialOptions(change, watch),
        times: this.times,
      })
      if (this.isOver) {
        await giveUp(candidate)
        return this.refused(['the run is over'], lines)
      }
      const { next, swapped } = await swap(old, candidate, this.times, () => {
        this.leaving = old
      })
      this.follow(next)
      const before = { definition: old.definition, text: this.text }
      this.text = text
      const revision = this.record(text, { who, why, diff: lines })
      const { sequence, pauseMs, notes } = swapped
      const told = notes.map((note) => `\n  note: ${note}`).join('')
      this.tell(
        `reload: changed over at sequence ${sequence}, sources were held for ${pauseMs.toFixed(1)} ms` +
          `${revision === undefined ? '' : `, revision ${revision.number}`}${told}`,
      )
      if (change.isTrial) this.judge(watch, before, next)
      return {
        outcome: 'swapped',
        problems: [],
        diff: lines,
        revision: revision?.number,
        sequence,
        pauseMs,
        notes,
      }
    } catch (error) {
      return this.refused(error instanceof SwapRefused ? error.problems : [messageOf(error)], lines)
    }
  }

  private trialOptions({ isTrial }: Change, watch: TrialWatch): RunOptions {
    if (!isTrial) return this.runOptions
    return {
      ...this.runOptions,
      trial: {
        stages: watch.stages,
        isOn: () => watch.isOn,
        onFailure: (stage, cause) => watch.failed(`${stage} failed: ${messageOf(cause)}`),
      },
      onPartFailed: ({ message }: StepFailure) => watch.failed(message),
    }
  }

  /** Watches a pipeline that has just begun, and goes back to what was before where it fails. */
  private judge(watch: TrialWatch, before: Pick<Change, 'definition' | 'text'>, next: Running): void {
    this.watching = watch
    watch.begin(
      () => next.pipeline.stats(),
      this.options.watchMs ?? DEFAULT_WATCH_MS,
      (reason) => {
        void this.inTurn(async () => {
          if (this.current !== next || this.isOver) return
          this.tell(`reload: taken back by itself: ${reason}`)
          const diff = diffOf(next.definition, before.definition)
          const why = `taken back: ${reason}`
          await this.change({ ...before, diff, who: 'millrace', why, isTrial: false })
        })
      },
    )
  }

  private follow(next: Running): void {
    this.current = next
    const onEnd = (): void => {
      if (this.leaving === next) return
      this.isOver = true
      this.finish(next.over)
    }
    next.over.then(onEnd, onEnd)
    for (const look of this.onSwap) look()
  }

  private record(text: string, revision: Pick<Revision, 'who' | 'why' | 'diff'>): Revision | undefined {
    try {
      return this.options.revisions.add(text, revision)
    } catch (error) {
      this.tell(`reload: no revision was kept: ${messageOf(error)}`)
      return undefined
    }
  }

  private refused(problems: readonly string[], diff: readonly string[]): Reloaded {
    this.tell(
      [...problems.map((problem) => `reload: ${problem}`), 'reload: refused, what ran before runs on'].join(
        '\n',
      ),
    )
    return { outcome: 'refused', problems, diff }
  }

  private tell(text: string): void {
    this.options.tell?.(this.current.definition.redact(text))
  }
}

/** The text of a file that can be read again, unlike a pipe. */
function textOf(file: string): string {
  return statSync(file, { throwIfNoEntry: false })?.isFile() === true ? readFileSync(file, 'utf8') : ''
}

/** What is to be changed over to. */
interface Change {
  readonly definition: Definition
  readonly text: string
  readonly diff: DefinitionDiff
  readonly who: string
  readonly why: string
  /** Whether it is watched, and taken back if it fails. */
  readonly isTrial: boolean
}

function isHandover(handover: Handover | readonly string[]): handover is Handover {
  return !Array.isArray(handover)
}
