import { flag, oneOf, options, wholeNumber } from '../../pipeline/codec.ts'

/** How a stream is made where it is not there yet. */
export const streamSettings = options(
  {},
  {
    storage: oneOf('file', 'memory').describe('Where the stream is kept.'),
    replicas: wholeNumber({ min: 1, max: 5 }).describe('How many servers keep it.'),
    maxBytes: wholeNumber({ min: 1 }).describe('Bytes that it keeps at most.'),
    maxMessages: wholeNumber({ min: 1 }).describe('Messages that it keeps at most.'),
    maxAgeSeconds: wholeNumber({ min: 1 }).describe('How long it keeps them.'),
    discard: oneOf('new', 'old').describe(
      'What happens at a limit: new messages are refused, or old ones go.',
    ),
    duplicateWindowSeconds: wholeNumber({ min: 1 }).describe(
      'How long the server knows a message that comes twice.',
    ),
    compression: flag.describe('Whether it is packed.'),
  },
).describe('How the stream is made if it is not there.')
