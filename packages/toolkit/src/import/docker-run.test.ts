import { expect, test } from 'vitest'
import { parseDockerRun } from './docker-run.ts'

const NOTHING = {
  ...{
    args: [],
    env: [],
    envFiles: [],
    mounts: [],
    workdir: undefined,
    user: undefined,
    entrypoint: undefined,
  },
  ...{ hasNetwork: true, extraHosts: [], shmSize: undefined, dropped: [] },
}

test.for([
  ['-i', '--rm', 'x:1'],
  ['-it', '--init', 'x:1'],
  ['--interactive=true', '--pull', 'always', '--name', 'mcp', 'x:1'],
  ['--cap-drop', 'ALL', '--tmpfs=/tmp', '--', 'x:1'],
])('%s: nothing of it is lost', (args) => {
  expect(parseDockerRun(args)).toEqual({ ...NOTHING, image: 'x:1' })
})

test('a flag that takes a value never takes the image for it, and none is taken for an image', () => {
  const args = [
    '-ti',
    '-m',
    '1g',
    '--cpus',
    '2',
    '-p',
    '80:80',
    '--gpus',
    'all',
    '--privileged',
    'x:1',
    '-e',
    'A',
  ]
  expect(parseDockerRun(args)).toEqual({
    ...NOTHING,
    ...{ image: 'x:1', args: ['-e', 'A'], dropped: ['-m', '--cpus', '-p', '--gpus', '--privileged'] },
  })
})

test('variables, with and without a value, however they are written', () => {
  const { env, envFiles } = parseDockerRun([
    '-e',
    'A',
    '-eB=1',
    '-e=C=2',
    '--env',
    'D=a=b',
    '--env=E=',
    '-ie',
    'F=3',
    '--env-file',
    'x.env',
    'x:1',
  ])
  expect(env).toEqual([
    ...[
      { name: 'A', value: undefined },
      { name: 'B', value: '1' },
      { name: 'C', value: '2' },
    ],
    ...[
      { name: 'D', value: 'a=b' },
      { name: 'E', value: '' },
      { name: 'F', value: '3' },
    ],
  ])
  expect(envFiles).toEqual(['x.env'])
})

test.for([
  [['-v', '/a:/b'], { source: '/a', target: '/b', isReadOnly: false, isBind: true }],
  [['-v', '/a:/b:ro,z'], { source: '/a', target: '/b', isReadOnly: true, isBind: true }],
  [['--volume=C:\\Users\\me:/b'], { source: 'C:\\Users\\me', target: '/b', isReadOnly: false, isBind: true }],
  [
    ['-v', '${workspaceFolder}/x:/b'],
    { source: '${workspaceFolder}/x', target: '/b', isReadOnly: false, isBind: true },
  ],
  [['-v', '${X:-/a}:/b:ro'], { source: '${X:-/a}', target: '/b', isReadOnly: true, isBind: true }],
  [['-v', '~/a:/b'], { source: '~/a', target: '/b', isReadOnly: false, isBind: true }],
  [['-v', 'data:/b'], { source: 'data', target: '/b', isReadOnly: false, isBind: false }],
  [['-v', '/b'], { source: undefined, target: '/b', isReadOnly: false, isBind: false }],
  [
    ['--mount', 'type=bind,src=/a,dst=/b,readonly'],
    { source: '/a', target: '/b', isReadOnly: true, isBind: true },
  ],
  [['--mount', 'source=data,target=/b'], { source: 'data', target: '/b', isReadOnly: false, isBind: false }],
] as const)('%s is a mount', ([args, mount]) => {
  expect(parseDockerRun([...args, 'x:1']).mounts).toEqual([mount])
})

test('where it starts, as whom, what it starts and whom it reaches', () => {
  const args = [
    '-w',
    '/w',
    '-u1000:1000',
    '--entrypoint=/bin/x',
    '--network=none',
    '--add-host',
    'h:host-gateway',
  ]
  expect(parseDockerRun([...args, '--shm-size', '1g', 'x:1'])).toMatchObject({
    ...{ workdir: '/w', user: '1000:1000', entrypoint: '/bin/x', hasNetwork: false },
    ...{ extraHosts: ['h:host-gateway'], shmSize: '1g', dropped: [] },
  })
  expect(parseDockerRun(['--net', 'host', 'x:1']).dropped).toEqual(['--network'])
})

test('a flag that is none, one without its value, and no image at all', () => {
  expect(() => parseDockerRun(['--fly', 'x:1'])).toThrow('--fly is no flag of docker run')
  expect(() => parseDockerRun(['-k', 'x:1'])).toThrow('-k is no flag of docker run')
  expect(() => parseDockerRun(['--name'])).toThrow('--name has no value')
  expect(() => parseDockerRun(['--rm', '-i'])).toThrow('it names no image')
})
