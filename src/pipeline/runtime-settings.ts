import { options, wholeNumber } from './codec.ts'

/** Memory that V8 takes for its heap. */
export interface HeapSettings {
  /** Each half of the space where new objects live: how much is made between two small collections. */
  readonly semiSpaceMiB?: number | undefined
  /** Where objects go that stay; the run ends if they do not fit. */
  readonly oldSpaceMiB?: number | undefined
}

/** How a pipeline is run, whatever it does: what profiles are mostly about. */
export interface RuntimeSettings {
  readonly batchRecords?: number | undefined
  readonly probeEvery?: number | undefined
  readonly heap?: HeapSettings | undefined
}

const heap = options(
  {},
  {
    semiSpaceMiB: wholeNumber({ min: 1, max: 1024 }).describe(
      "Size in MiB of each half of V8's space for new objects: a larger one is collected less often. Sets both `--min-semi-space-size` and `--max-semi-space-size`.",
      { examples: [64] },
    ),
    oldSpaceMiB: wholeNumber({ min: 64, max: 1_048_576 }).describe(
      "Most MiB for objects that stay: V8's `--max-old-space-size`. A run that needs more ends.",
      { examples: [4096] },
    ),
  },
)

export const runtimeSettings = options(
  {},
  {
    batchRecords: wholeNumber({ min: 1, max: 65_536 }).describe(
      'Most records that go through the pipeline at once.',
      { default: 1024 },
    ),
    probeEvery: wholeNumber({ min: 0 }).describe(
      'One record in so many is timed at every stage; 0 times none.',
      { default: 509 },
    ),
    heap: heap.describe(
      "Options of V8's heap. The process starts itself anew with them where it has others.",
    ),
  },
)

/** The flags of Node.js that a heap as asked for needs. */
export function heapFlags({ semiSpaceMiB, oldSpaceMiB }: HeapSettings): readonly string[] {
  return [
    // V8 grows new space from its least size, and most runs are over before it has: so least and most are one.
    ...(semiSpaceMiB === undefined
      ? []
      : [`--min-semi-space-size=${semiSpaceMiB}`, `--max-semi-space-size=${semiSpaceMiB}`]),
    ...(oldSpaceMiB === undefined ? [] : [`--max-old-space-size=${oldSpaceMiB}`]),
  ]
}
