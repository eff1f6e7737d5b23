// index: the public API of the library, each export by name.
export type { Bridge } from './server/bridge.ts'
export type { Listening } from './server/listening.ts'
export { createBridge, inspect, type BridgeOptions } from './server/create.ts'
export type { Inspection } from './tool/inspect.ts'
export type { ChildReport } from './relay/describe.ts'
export type { Config, ConfigInput } from './config/config.ts'
export { BridgeError, ERRORS, type ErrorCode } from './errors.ts'
export type {
  CallEvent,
  ChildEvent,
  ConfigurationEvent,
  RefusedEvent,
  ToolChangeEvent,
  SessionEvent,
  Source,
} from './telemetry/events.ts'
