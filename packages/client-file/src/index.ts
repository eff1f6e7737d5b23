// index: what reads the files of clients, each export by name.
export { CLIENTS, type Client, type ClientName } from './clients.ts'
export { holdsSecret, isNamedSecret, isSecretVariable, redacted, secretArguments } from './credential.ts'
export { dockerEnvFile, dotenv } from './env-file.ts'
export { ClientFileError } from './error.ts'
export { inputVariable, partsOf, WORKSPACE_VARIABLE, type Part } from './placeholder.ts'
export { readClientFile, type ClientFile, type Entry, type Input } from './read.ts'
export { wordsOf } from './words.ts'
