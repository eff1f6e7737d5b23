// client/rpc: JSON-RPC messages as a test reads them: parsed, and otherwise as they came.

export type RpcId = string | number

// `any`: a test knows what it asked for, and asserts it.
export interface RpcRequest {
  jsonrpc: '2.0'
  id: RpcId
  method: string
  params?: any
}

export interface RpcNotification {
  jsonrpc: '2.0'
  method: string
  params?: any
}

export interface RpcResponse {
  jsonrpc: '2.0'
  id: RpcId | null
  result?: any
  error?: { code: number; message: string; data?: any }
}

export type RpcMessage = RpcRequest | RpcNotification | RpcResponse

/** Thrown by an `onRequest` handler: the error that the server gets. */
export class RpcError extends Error {
  readonly code: number
  readonly data: unknown

  constructor(code: number, message: string, data?: unknown) {
    super(message)
    this.code = code
    this.data = data
  }
}

export function isResponse(message: RpcMessage): message is RpcResponse {
  return !('method' in message)
}

export function isRequest(message: RpcMessage): message is RpcRequest {
  return 'method' in message && 'id' in message
}
