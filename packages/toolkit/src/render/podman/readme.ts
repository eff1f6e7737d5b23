// render/podman/readme: the commands that start a tool with Podman.
import type { Recipe } from '../../recipe/schema.ts'
import { asked, preparation } from '../asked.ts'
import { PORT } from '../layout.ts'
import { serviceName } from '../names.ts'
import { secretsOf, settingsFile } from './quadlet.ts'

const UNITS = '~/.config/containers/systemd'

export function readme(recipe: Recipe, image: string): string {
  const name = serviceName(recipe)
  const { settings } = asked(recipe)
  return `${[
    `# ${recipe.title} with Podman`,
    'Made by `mcp-bridge image render --podman`. The image, and the files that no one else can write:',
    block([`podman build --tag ${image} ..`, ...preparation(recipe)]),
    '## As a service of systemd',
    'Quadlet, in Podman 5 or newer. As root the folder is `/etc/containers/systemd`, and `--user` is left out.',
    block([
      ...secretsOf(recipe).map((each) => `podman secret create --replace ${each.name} secrets/${each.file}`),
      `mkdir -p ${UNITS}`,
      `cp ${name}.container ${name}.network ${UNITS}/`,
      ...(settings === undefined ? [] : [`cp ${settings} ${UNITS}/${settingsFile(recipe)}`]),
      'systemctl --user daemon-reload',
      `systemctl --user start ${name}`,
      'loginctl enable-linger  # it runs when nobody is logged in, too',
    ]),
    'New tokens and secrets are in force after `podman secret create --replace` and a restart of the service.',
    recipe.network === 'none'
      ? `The tool has no way out, and so no port on this machine: LiteLLM or a proxy in a container asks \`http://${name}:${PORT}/mcp\` on its network (\`--network ${name}\`).`
      : `Another container asks \`http://${name}:${PORT}/mcp\` on its network (\`--network ${name}\`). For a port on this machine, a drop-in:`,
    ...(recipe.network === 'none'
      ? []
      : [
          block([
            `mkdir -p ${UNITS}/${name}.container.d`,
            `printf '[Container]\\nPublishPort=127.0.0.1:${PORT}:${PORT}\\n' > ${UNITS}/${name}.container.d/port.conf`,
          ]),
        ]),
    '## As a pod',
    'Podman takes Pod, Deployment, PersistentVolumeClaim, ConfigMap and Secret of Kubernetes, and neither StatefulSet nor NetworkPolicy: `pod.yaml`' +
      ' is the pod of `image render --kubernetes`. Kustomize (`kubectl` has it) makes the secrets, and stops while a file is missing.',
    block([
      `kubectl kustomize . | podman kube play ${recipe.network === 'none' ? `--network ${name} ` : ''}--replace -`,
      ...(recipe.network === 'none' ? [] : [`curl http://127.0.0.1:${PORT}/readyz`]),
    ]),
    recipe.network === 'none'
      ? `\`podman network create --internal ${name}\` makes that network first; what is on it has no way out, and no port on this machine.`
      : 'It listens on this machine alone; `hostIP` and `hostPort` in `pod.yaml` say otherwise.',
  ].join('\n\n')}\n`
}

function block(lines: readonly string[]): string {
  return `\`\`\`sh\n${lines.join('\n')}\n\`\`\``
}
