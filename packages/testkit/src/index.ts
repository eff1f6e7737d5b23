// index: the testkit, each export by name.
export {
  runBridge,
  startBridge,
  type BridgeOptions,
  type BridgeRun,
  type LogLine,
  type RunningBridge,
} from './bin.ts'
export type { InitializeOptions, RequestOptions } from './client/client.ts'
export type { EventStream, StreamEvent } from './client/event-stream.ts'
export { openStream, send, type Headers, type Reply, type Sent } from './client/http.ts'
export {
  MODERN_REVISION,
  ModernClient,
  type ModernOptions,
  type ModernReply,
  type ModernRequestOptions,
} from './client/modern.ts'
export { Queue } from './client/queue.ts'
export { Refused } from './client/refused.ts'
export { RpcError, type RpcId, type RpcMessage, type RpcRequest, type RpcResponse } from './client/rpc.ts'
export { SseClient, type SseOptions } from './client/sse.ts'
export { StdioClient, type StdioOptions } from './client/stdio.ts'
export { StreamableClient, type StreamableOptions } from './client/streamable.ts'
export { eventually, type EventuallyOptions } from './eventually.ts'
export { fixture } from './fixture.ts'
export { CHILD_MARK, leftovers, type Leftover, type LeftoverOptions } from './leaks.ts'
export {
  ancestorsOf,
  cmdline,
  connectionsTo,
  cpuMs,
  descendantsOf,
  isAlive,
  listeningPorts,
  openDescriptors,
  peakRssBytes,
  preciseCpuMs,
  processesWithEnv,
  rssBytes,
  treeCpuMs,
} from './processes.ts'
export { cleanEnv, start, stopAll, type Exit, type Started } from './started.ts'
export { cleanTemp, RUN_VARIABLE, SESSION_VARIABLE, tempDir, tempPrefix } from './temp.ts'
