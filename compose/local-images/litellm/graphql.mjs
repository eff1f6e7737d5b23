// Prisma's GraphQL queries as its JSON protocol, and the answers back: the two dialects of the same engine.
import { parse } from 'graphql'

/** Longest first, so that a prefix of a name is not taken for the whole. */
const ACTIONS = [
  'findUniqueOrThrow',
  'findUnique',
  'findFirstOrThrow',
  'findFirst',
  'findMany',
  'createOne',
  'createMany',
  'updateOne',
  'updateMany',
  'deleteOne',
  'deleteMany',
  'upsertOne',
  'aggregate',
  'groupBy',
]

/** Column type of the JSON protocol → the type that the Python client knows. */
const RAW_TYPES = {
  int32: 'int',
  int64: 'bigint',
  numeric: 'decimal',
  boolean: 'bool',
  text: 'string',
  character: 'char',
}

/** The names of the Json fields of each model; `any` has those of all, for what is nested. */
export function jsonFieldsOf(datamodel) {
  const byModel = new Map()
  for (const [, model, body] of datamodel.matchAll(/^model\s+(\w+)\s*\{([^]*?)^\}/gm)) {
    byModel.set(model, new Set([...body.matchAll(/^\s*(\w+)\s+Json\b/gm)].map(([, field]) => field)))
  }
  return { byModel, any: new Set([...byModel.values()].flatMap((fields) => [...fields])) }
}

/** One GraphQL query as one of the JSON protocol. */
export function toJsonQuery(text, jsonFields) {
  // The adapter knows no array of `name`.
  const [field] = parse(text.replace('ARRAY_AGG(viewname)', 'ARRAY_AGG(viewname::text)')).definitions[0]
    .selectionSet.selections
  const name = field.name.value
  const query = queryOf(field)
  if (name === 'queryRaw' || name === 'executeRaw')
    return { action: name, query: { ...query, selection: {} } }
  const [, verb, orThrow] = /^(findUnique|findFirst)(.+)OrThrow$/.exec(name) ?? []
  if (verb !== undefined) return { modelName: orThrow, action: `${verb}OrThrow`, query }
  const action = ACTIONS.find((each) => name.startsWith(each))
  const modelName = name.slice(action.length)
  query.arguments = tagged(
    query.arguments,
    jsonFields.byModel.get(modelName) ?? jsonFields.any,
    jsonFields.any,
  )
  return { modelName, action, query }
}

/** The engine's answer as the GraphQL protocol has it: always under `result`. */
export function toGraphqlAnswer(answer) {
  if (answer.data === undefined || answer.data === null) return answer
  const [[key, value]] = Object.entries(answer.data)
  return { ...answer, data: { result: key === 'queryRaw' ? rawRows(value) : untagged(value) } }
}

function queryOf({ arguments: given = [], selectionSet }) {
  return {
    arguments: Object.fromEntries(given.map(({ name, value }) => [name.value, plain(value)])),
    selection: selectionOf(selectionSet),
  }
}

function selectionOf(set) {
  return Object.fromEntries(
    (set?.selections ?? []).map((field) => [field.name.value, isLeaf(field) ? true : queryOf(field)]),
  )
}

function isLeaf({ selectionSet, arguments: given }) {
  return selectionSet === undefined && !given?.length
}

function plain(node) {
  switch (node.kind) {
    case 'IntValue': {
      const value = Number(node.value)
      return Number.isSafeInteger(value) ? value : { $type: 'BigInt', value: node.value }
    }
    case 'FloatValue':
      return Number(node.value)
    case 'StringValue':
    case 'EnumValue':
    case 'BooleanValue':
      return node.value
    case 'NullValue':
      return null
    case 'ListValue':
      return node.values.map(plain)
    case 'ObjectValue':
      return Object.fromEntries(node.fields.map(({ name, value }) => [name.value, plain(value)]))
    default:
      throw new Error(`a ${node.kind} in a query`)
  }
}

/** Text in a Json field is JSON already, and must say so. */
function tagged(value, fields, any) {
  if (Array.isArray(value)) return value.map((item) => tagged(item, fields, any))
  if (value === null || typeof value !== 'object' || '$type' in value) return value
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => {
      if (!fields.has(key)) {
        const stays = ['create', 'update', 'data', 'where'].includes(key)
        return [key, tagged(item, stays ? fields : any, any)]
      }
      if (typeof item === 'string') return [key, { $type: 'Json', value: item }]
      if (typeof item?.set === 'string') return [key, { set: { $type: 'Json', value: item.set } }]
      return [key, item]
    }),
  )
}

function untagged(value) {
  if (Array.isArray(value)) return value.map(untagged)
  if (value === null || typeof value !== 'object') return value
  if ('$type' in value) return value.value
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, untagged(item)]))
}

function rawRows(result) {
  if (result?.columns === undefined) return result
  const { columns, types, rows } = result
  return rows.map((row) => Object.fromEntries(columns.map((name, i) => [name, rawCell(types[i], row[i])])))
}

function rawCell(type, value) {
  if (value === null) return { prisma__type: 'null', prisma__value: null }
  if (type.endsWith('-array')) {
    const item = type.slice(0, -'-array'.length)
    return { prisma__type: 'array', prisma__value: value.map((each) => rawCell(item, each)) }
  }
  return { prisma__type: RAW_TYPES[type] ?? type, prisma__value: value }
}
