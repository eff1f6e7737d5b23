// index: the public API of the library, each export by name.
export { createBridge, inspect, type Bridge, type BridgeOptions, type Listening } from './bridge.ts'
export type { Inspection } from './child/inspection.ts'
export type { ChildReport } from './child/interview.ts'
export type { Config, ConfigInput } from './config/schema.ts'
export { BridgeError, ERRORS, type ErrorCode } from './errors.ts'
