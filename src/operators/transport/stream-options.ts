import { flag, oneOf, options, wholeNumber } from '../../pipeline/codec.ts'

/** How a stream is made where it is not there yet. */
export const streamSettings = options(
  {},
  {
    storage: oneOf('file', 'memory'),
    replicas: wholeNumber({ min: 1, max: 5 }),
    maxBytes: wholeNumber({ min: 1 }),
    maxMessages: wholeNumber({ min: 1 }),
    maxAgeSeconds: wholeNumber({ min: 1 }),
    discard: oneOf('new', 'old'),
    duplicateWindowSeconds: wholeNumber({ min: 1 }),
    compression: flag,
  },
)
