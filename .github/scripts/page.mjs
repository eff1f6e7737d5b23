// scripts/page: the text of a release on GitHub.

const IMAGE = /^\S+@sha256:[0-9a-f]{64}$/

/**
 * @param notes the section of CHANGELOG.md
 * @param images NAME:TAG@DIGEST, a line each
 * @throws Error if there are none, or one has no digest: it could not be verified
 */
export function page(notes, tag, address, images) {
  const lines = images.split('\n').filter((line) => line !== '')
  const wrong = lines.find((line) => !IMAGE.test(line))
  if (wrong !== undefined || lines.length === 0)
    throw new Error(`"${wrong ?? ''}" is no image with its digest (NAME:TAG@sha256:…)`)
  return `${notes}

### Images

For linux/amd64 and linux/arm64, with SBOM and provenance, signed by digest:

\`\`\`
${lines.toSorted().join('\n')}
\`\`\`

\`\`\`sh
cosign verify --certificate-oidc-issuer https://token.actions.githubusercontent.com \\
  --certificate-identity https://github.com/${address}/.github/workflows/release.yml@refs/tags/${tag} IMAGE
\`\`\`
`
}
