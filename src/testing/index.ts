/** Public list of `millrace/testing`: for tests of operators and pipelines. */
export { differences, formatDifferences, matches, type Difference } from './match.ts'
export { marbles, type MarbleHelpers } from './marbles.ts'
export { commandObjects, commands, eventObjects, type OrderText, type RecordObject } from './records.ts'
export { testPipelineFile, type RunTestOptions, type TestFailure, type TestResult } from './run-test.ts'
export { observeRecords, recordsOf, through } from './through.ts'
export { VirtualTime } from './virtual-time.ts'
