import type { BookFeed } from '../features/book-feed.ts'
import type { Features } from '../features/features.ts'
import type { Prediction } from './prediction.ts'

/** What keeps predictions: the inline engine, or one whose model answers later. */
export interface Predictor extends BookFeed {
  readonly features: Features
  readonly modelId: string
  /** The prediction of an instrument at a time of the stream. Never waits. */
  predict(instrument: number, nowNs: number): Prediction
  /** Called between batches. */
  betweenBatches?(): void
  /** In words, for the report. */
  lines(): readonly string[]
  figures(): Readonly<Record<string, unknown>>
  close?(): Promise<void>
}
