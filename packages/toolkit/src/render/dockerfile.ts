// render/dockerfile: a recipe → the Dockerfile of its image. Texts of a recipe appear in exec form or in quotes only.
import type { Recipe } from '../recipe/schema.ts'
import { TOOLS_LOCK } from '../recipe/tools-lock.ts'
import { baseOf, exactly, type Bases } from './bases.ts'
import {
  baseImage,
  BRIDGE,
  BRIDGE_FOLDER,
  HEALTHCHECK,
  PORT,
  program,
  secretFiles,
  secretPath,
  TINI,
  TOOLS_LOCK_PATH,
  UID,
} from './layout.ts'

/** The CA of a site is mounted as a build secret, so that it is in no layer. */
const CA = '--mount=type=secret,id=ca,target=/run/ca.pem'
const NO_PINS = [
  '# Debian keeps only the newest version of a package in a release: a pinned one would soon be gone.',
  '# hadolint ignore=DL3008',
]

/** @param options isLocked: only tools that are as they were accepted are served */
export function renderDockerfile(
  recipe: Recipe,
  bridgeVersion: string,
  { bases, isLocked = false }: { bases?: Bases | undefined; isLocked?: boolean } = {},
): string {
  const lines = [
    `# ${recipe.name} ${recipe.version}. Made by mcp-bridge from recipe.yaml and lock/: change those, not this.`,
    `ARG BASE_IMAGE=${baseImage(bridgeVersion)}`,
    ...stages(recipe, bases),
    ...root(recipe),
    ...systemPackages(recipe),
    ...volumes(recipe),
    ...labels(recipe),
    ...(isLocked ? [`COPY --chmod=644 ${TOOLS_LOCK} ${TOOLS_LOCK_PATH}`] : []),
    ...environment(recipe, isLocked),
    `EXPOSE ${PORT}`,
    'STOPSIGNAL SIGTERM',
    `HEALTHCHECK --interval=30s --timeout=10s --start-period=120s --start-interval=1s --retries=3 ${HEALTHCHECK[0]} ${exec(HEALTHCHECK.slice(1))}`,
    'WORKDIR /tmp',
    `USER ${UID}:0`,
    `ENTRYPOINT ${exec([TINI, '--', BRIDGE, '--', ...program(recipe), ...recipe.args])}`,
  ]
  return `${lines.join('\n')}\n`
}

/** The stage that installs, and the beginning of the one that runs. */
function stages(recipe: Recipe, bases?: Bases): string[] {
  switch (recipe.runtime) {
    case 'node':
      return [
        `ARG NODE_IMAGE=${baseOf('node', bases)}`,
        '',
        'FROM ${NODE_IMAGE} AS tool',
        'WORKDIR /app',
        'COPY lock/package.json lock/package-lock.json ./',
        `RUN ${CA} --mount=type=cache,target=/root/.npm \\`,
        '    if [ -s /run/ca.pem ]; then export NODE_EXTRA_CA_CERTS=/run/ca.pem; fi; \\',
        `    npm ci --omit=dev ${recipe.allowScripts ? '' : '--ignore-scripts '}--no-audit --no-fund --no-update-notifier`,
        '',
        'FROM ${BASE_IMAGE}',
        'COPY --from=tool /app /app',
      ]
    case 'python':
      return [
        `ARG PYTHON_IMAGE=${baseOf('python', bases)}`,
        '',
        'FROM ${BASE_IMAGE} AS bridge',
        '',
        'FROM ${PYTHON_IMAGE} AS tool',
        'COPY lock/requirements.txt /lock/requirements.txt',
        `RUN ${CA} --mount=type=cache,target=/root/.cache/pip \\`,
        '    if [ -s /run/ca.pem ]; then export PIP_CERT=/run/ca.pem; fi; \\',
        '    python3 -m venv --without-pip /app \\',
        `    && pip --python /app/bin/python install --require-hashes --no-deps ${recipe.allowScripts ? '' : '--only-binary :all: '}\\`,
        '      --disable-pip-version-check --root-user-action ignore --requirement /lock/requirements.txt',
        '',
        'FROM ${PYTHON_IMAGE}',
        `COPY --from=bridge ${BRIDGE_FOLDER} ${BRIDGE_FOLDER}`,
        'COPY --from=tool /app /app',
      ]
    case 'go':
      return [
        `ARG GO_IMAGE=${baseOf('go', bases)}`,
        '',
        'FROM --platform=$BUILDPLATFORM ${GO_IMAGE} AS tool',
        'ARG TARGETOS TARGETARCH',
        'WORKDIR /src',
        'COPY lock/go.mod lock/go.sum ./',
        `RUN ${CA} --mount=type=cache,target=/go/pkg/mod --mount=type=cache,target=/root/.cache/go-build \\`,
        '    if [ -s /run/ca.pem ]; then export SSL_CERT_FILE=/run/ca.pem; fi; \\',
        '    CGO_ENABLED=0 GOOS=$TARGETOS GOARCH=$TARGETARCH go build -mod=readonly -trimpath -buildvcs=false \\',
        "      -ldflags='-s -w' -o /app/tool tool",
        '',
        'FROM ${BASE_IMAGE}',
        'COPY --from=tool /app/tool /app/tool',
      ]
    case 'binary':
      return ['', 'FROM ${BASE_IMAGE}', `COPY --chmod=755 lock/${recipe.entry} /app/${recipe.entry}`]
    case 'image':
      return [
        '',
        'FROM ${BASE_IMAGE} AS bridge',
        '',
        `FROM ${exactly(recipe.package, bases)}`,
        `COPY --from=bridge ${BRIDGE_FOLDER} ${BRIDGE_FOLDER}`,
      ]
  }
}

/** The base image may have switched to another user. */
function root({ systemPackages, volumes, runtime }: Recipe): string[] {
  return runtime !== 'python' && systemPackages.length + volumes.length > 0 ? ['USER 0'] : []
}

function systemPackages({ systemPackages }: Recipe): string[] {
  if (systemPackages.length === 0) return []
  return [
    ...NO_PINS,
    'RUN apt-get update \\',
    `    && apt-get install -y --no-install-recommends ${systemPackages.toSorted().join(' ')} \\`,
    '    && rm -rf /var/lib/apt/lists/* /var/cache/apt/*',
  ]
}

/** Group 0 may write: a new volume copies these rights, and platforms that choose a uid give it group 0. */
function volumes({ volumes }: Recipe): string[] {
  if (volumes.length === 0) return []
  return [`RUN install -d -o ${UID} -g 0 -m 2775 ${volumes.map(({ path }) => path).join(' ')}`]
}

function labels(recipe: Recipe): string[] {
  const all: [string, string | undefined][] = [
    ['org.opencontainers.image.title', recipe.title],
    ['org.opencontainers.image.description', recipe.description],
    ['org.opencontainers.image.version', recipe.version],
    ['org.opencontainers.image.source', recipe.source],
    ['org.opencontainers.image.licenses', recipe.license],
    ['io.modelcontextprotocol.server.name', recipe.serverName],
  ]
  const given = all.filter((label): label is [string, string] => label[1] !== undefined)
  return [`LABEL ${given.map(([name, value]) => `${name}="${value}"`).join(' \\\n      ')}`]
}

function environment(recipe: Recipe, isLocked: boolean): string[] {
  const fixed = recipe.environment.filter(({ default: value }) => value !== undefined)
  const files = secretFiles(recipe).files.map(({ name }) => [name, secretPath(recipe, name)])
  const all = [
    // A uid without an entry in /etc/passwd has neither.
    ['HOME', '/tmp'],
    ['USER', 'mcp'],
    ['PATH', `$PATH:${BRIDGE_FOLDER}/bin`],
    ['MCP_BRIDGE_HOST', '0.0.0.0'],
    ['MCP_BRIDGE_PORT', String(PORT)],
    ['MCP_BRIDGE_CHILDREN', recipe.children],
    ['MCP_BRIDGE_MAX_CHILDREN', String(recipe.maxChildren)],
    // What stands in a container's environment was put there for its tool; the bridge keeps its own variables to itself.
    ['MCP_BRIDGE_PASS_ENV', '*'],
    ...(isLocked ? [['MCP_BRIDGE_TOOLS_LOCK', TOOLS_LOCK_PATH]] : []),
    ...fixed.map(({ name, default: value }) => [name, value]),
    ...files,
  ]
  return [`ENV ${all.map(([name, value]) => `${name}="${value}"`).join(' \\\n    ')}`]
}

/** Docker reads its exec form as JSON: no shell, no variables, one line. */
function exec(argv: readonly string[]): string {
  return JSON.stringify(argv)
}
