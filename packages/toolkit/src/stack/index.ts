// stack/index: what the commands of the stack are made of, each export by name.
export { json, table, type Finding } from './finding.ts'
export { Gateway } from './gateway.ts'
export type { StackTool } from './tools/expected.ts'
export { verify, type VerifyOptions } from './verify/verify.ts'
