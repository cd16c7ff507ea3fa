import * as t from 'io-ts'
import { parseCondition, type AlertCondition } from '../telemetry/alert-rule.ts'
import { Codec, listOf, options, text, variant, wholeNumber } from './codec.ts'

const tls = options({
  certFile: text.describe('Certificate of the server with its chain, PEM.'),
  keyFile: text.describe('Key of that certificate, PEM.'),
})

/** Where and to whom a pipeline is served over HTTP and WebSocket: `server:` of a pipeline file. */
export const serverSettings = options(
  {},
  {
    port: wholeNumber({ min: 0, max: 65_535 }).describe('The port; 0 takes any that is free.', {
      default: 8787,
    }),
    host: text.describe('The address to listen on. Anything but loopback needs `keys`.', {
      default: '127.0.0.1',
    }),
    keys: text.describe('The file of API keys that `millrace keys create` makes. Without it all is allowed.'),
    tls: tls.describe('Serves HTTPS and wss with this certificate.'),
    origins: listOf(text).describe('Pages of other origins that may use the API.', {
      examples: [['https://desk.example']],
    }),
    requestsPerSecond: wholeNumber({ min: 1 }).describe(
      'Requests and messages a second of one caller. By default 1,000; 100,000 where there are no keys.',
    ),
    history: text.describe('The file that gauges are kept in. By default none are kept.'),
    audit: text.describe('The file that a line is added to for each command. By default none.'),
  },
)
export type ServerSettings = t.TypeOf<typeof serverSettings>

/** A condition as text, read: `p99 > 10us for 30s`. */
const condition = new Codec<{ readonly text: string; readonly condition: AlertCondition }>(
  'a condition such as "p99 > 10us for 30s"',
  (value, context) => {
    if (typeof value !== 'string') return t.failure(value, context)
    const read = parseCondition(value)
    return 'gauge' in read
      ? t.success({ text: value, condition: read })
      : t.failure(value, context, `${read.message} (at character ${read.at + 1})`)
  },
  { kind: 'text' },
)

const url = new Codec<string>(
  'an http:// or https:// address',
  (value, context) =>
    typeof value === 'string' && /^https?:\/\//.test(value) && URL.canParse(value)
      ? t.success(value)
      : t.failure(value, context),
  { kind: 'text' },
)

const webhook = options(
  { url: url.describe('Where an alert is sent as JSON by POST.') },
  {
    timeoutMs: wholeNumber({ min: 1, max: 600_000 }).describe('How long an answer may take.', {
      default: 5000,
    }),
    retries: wholeNumber({ min: 0, max: 100 }).describe(
      'How often it is tried again, each time twice as late, where it was not taken.',
      { default: 5 },
    ),
  },
)

const alertTarget = variant({
  log: options({}).describe('A line on standard error.'),
  webhook: webhook.describe('A server that is told of each change.'),
})

const alert = options(
  { when: condition.describe('GAUGE > AMOUNT, and for how long: `p99 > 10us for 30s`.') },
  {
    name: text.describe('What it is called. By default its condition.'),
    to: listOf(alertTarget).describe('Who is told when it fires and when it is over. By default the log.', {
      examples: [['log', { webhook: { url: 'https://ops.example/alerts' } }]],
    }),
  },
)

/** `alerts:` of a pipeline file. */
export const alertList = listOf(alert)
export type AlertSettings = t.TypeOf<typeof alert>
