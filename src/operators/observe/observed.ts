import * as E from 'fp-ts/lib/Either.js'
import type * as TE from 'fp-ts/lib/TaskEither.js'
import { MappedFileError } from '../../memory/mapped-file.ts'
import { options, text, wholeNumber } from '../../pipeline/codec.ts'
import type { Market } from '../../pipeline/market.ts'
import type { StageProblem, Step } from '../../pipeline/operator.ts'
import { openBookView } from './book-view.ts'

const LEVELS = 10

/** What a pipeline file says under `observe`. */
export const observeOptions = options(
  { file: text.describe('Where the view is, made if it is not there.') },
  {
    levels: wholeNumber({ min: 1, max: 1_000 }).describe('Levels of each side that it shows.', {
      default: LEVELS,
    }),
  },
)

export interface ObserveOptions {
  /** Where the view is; made if it is not there. */
  readonly file: string
  /** Of each side; 10 unless told otherwise. */
  readonly levels?: number | undefined
}

/**
 * Has a matching step write what its books show into a file, each time a batch is through.
 * @param step the one whose engine the market has; it is changed
 */
export function observed(
  step: Step,
  market: Market,
  { file, levels = LEVELS }: ObserveOptions,
): TE.TaskEither<StageProblem, Step> {
  return async () => {
    try {
      const view = await openBookView(file, levels, market.instruments)
      const engine = market.engine!
      view.update(engine, new Int32Array(0), 0)
      const { output } = step
      const flush = step.flush?.bind(step)
      const close = step.close?.bind(step)
      let isFirst = true
      step.flush = () => {
        flush?.()
        // What was put back between set-up and run, from a snapshot for instance, made no events.
        if (isFirst) view.refresh()
        isFirst = false
        view.update(engine, output!.words, output!.count)
      }
      step.close = async () => {
        view.close()
        await close?.()
      }
      return E.right(step)
    } catch (error) {
      if (error instanceof MappedFileError)
        return E.left({ path: ['observe', 'file'], message: error.message })
      throw error
    }
  }
}
