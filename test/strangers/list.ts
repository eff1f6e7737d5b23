// strangers/list: packages that nobody prepared; chosen before any of them was tried, the popular and the odd.

export interface Stranger {
  source: string
  /** What `image build` told to give: variables with any value, arguments. */
  variables?: Readonly<Record<string, string>>
  args?: readonly string[]
}

export const STRANGERS: readonly Stranger[] = [
  { source: 'npx:@azure-devops/mcp' },
  { source: 'npx:@azure/mcp' },
  { source: 'npx:@brave/brave-search-mcp-server' },
  { source: 'npx:@cocal/google-calendar-mcp' },
  { source: 'npx:@drawio/mcp' },
  { source: 'npx:@mastra/mcp-docs-server' },
  { source: 'npx:@shopify/dev-mcp' },
  { source: 'npx:@stripe/mcp' },
  { source: 'npx:@supabase/mcp-server-supabase' },
  { source: 'npx:@winor30/mcp-server-datadog' },
  { source: 'npx:@zereight/mcp-gitlab' },
  { source: 'npx:exa-mcp-server' },
  { source: 'npx:mcp-hello-world' },
  { source: 'npx:mcp-server-code-runner' },
  { source: 'npx:n8n-mcp' },
  { source: 'npx:next-devtools-mcp' },
  { source: 'npx:nx-mcp' },
  { source: 'npx:slack-mcp-server' },
  { source: 'uvx:cli-mcp-server' },
  { source: 'uvx:jcodemunch-mcp' },
  { source: 'uvx:markitdown-mcp' },
  { source: 'uvx:mcp-atlassian' },
  { source: 'uvx:mcp-server-qdrant' },
  { source: 'uvx:mcp-yahoo-finance' },
  { source: 'uvx:mysql-mcp-server' },
  { source: 'uvx:office-powerpoint-mcp-server' },
  { source: 'uvx:office-word-mcp-server' },
  { source: 'go:github.com/hashicorp/terraform-mcp-server/cmd/terraform-mcp-server' },
  { source: 'go:github.com/mark3labs/mcp-filesystem-server' },
  { source: 'go:github.com/strowk/mcp-k8s-go' },
]
