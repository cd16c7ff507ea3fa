import * as TE from 'fp-ts/lib/TaskEither.js'
import { options, text, wholeNumber } from '../../pipeline/codec.ts'
import type { Market } from '../../pipeline/market.ts'
import type { StageProblem, Step } from '../../pipeline/operator.ts'
import { FrameFiles } from '../../transport/file/frame-files.ts'
import { systemProblem } from '../input/system-error.ts'
import { eventKinds } from '../transport/nats-options.ts'
import { EventPublisher } from './event-publisher.ts'

const ROTATE_BYTES = 268_435_456

/** What a stage says under `to: { file: ... }`. */
export interface FileSinkOptions {
  /** `data/trades.frames`, or with `.gz` behind it; files are numbered. */
  readonly path: string
  readonly rotateBytes?: number | undefined
  readonly keep?: number | undefined
  readonly events?: readonly string[] | undefined
}

export const fileSinkOptions = options(
  { path: text.describe('Numbered files are named after it; packed if it ends in .gz.') },
  {
    rotateBytes: wholeNumber({ min: 1_024 }).describe('Bytes after which the next file begins.'),
    keep: wholeNumber({ min: 1 }).describe('Files that are kept; by default all.'),
    events: eventKinds.describe('Kinds of events to write; by default all.'),
  },
).describe('Frames of events in files.')

/** Opens files of frames for events. */
export function openFileSink(market: Market, given: FileSinkOptions): TE.TaskEither<StageProblem, Step> {
  const { path, rotateBytes = ROTATE_BYTES, keep, events } = given
  return TE.tryCatch(
    async () => {
      const outlet = new FrameFiles({ path, rotateBytes, keep })
      return new EventPublisher(
        market,
        { subject: 'events', events },
        {
          title: 'file',
          peer: path,
          outlet,
          idPrefix: '',
          figures: () => outlet.figures(),
          close: () => Promise.resolve(),
        },
      )
    },
    (error): StageProblem => ({ path: ['to', 'file', 'path'], message: `${path}: ${systemProblem(error)}` }),
  )
}
