// strangers/list: packages that nobody prepared; chosen before any of them was tried, the popular and the odd.

export interface Stranger {
  source: string
  /** What `image build` told to give: variables with any value, arguments. */
  variables?: Readonly<Record<string, string>>
  args?: readonly string[]
}

export const STRANGERS: readonly Stranger[] = [
  { source: 'npx:@azure-devops/mcp', args: ['contoso'] },
  {
    source: 'npx:@azure/mcp',
    args: ['server', 'start'],
    variables: { DOTNET_SYSTEM_GLOBALIZATION_INVARIANT: '1' },
  },
  { source: 'npx:@brave/brave-search-mcp-server', variables: { BRAVE_API_KEY: 'x' } },
  { source: 'npx:@cocal/google-calendar-mcp' },
  { source: 'npx:@drawio/mcp' },
  { source: 'npx:@mastra/mcp-docs-server' },
  { source: 'npx:@shopify/dev-mcp' },
  { source: 'npx:@stripe/mcp', variables: { STRIPE_SECRET_KEY: 'rk_test_x' } },
  { source: 'npx:@supabase/mcp-server-supabase', variables: { SUPABASE_ACCESS_TOKEN: 'x' } },
  { source: 'npx:@winor30/mcp-server-datadog', variables: { DATADOG_API_KEY: 'x', DATADOG_APP_KEY: 'x' } },
  { source: 'npx:@zereight/mcp-gitlab', variables: { GITLAB_PERSONAL_ACCESS_TOKEN: 'x' } },
  { source: 'npx:exa-mcp-server' },
  { source: 'npx:mcp-hello-world' },
  { source: 'npx:mcp-server-code-runner' },
  { source: 'npx:n8n-mcp' },
  { source: 'npx:next-devtools-mcp' },
  { source: 'npx:nx-mcp' },
  { source: 'npx:slack-mcp-server', variables: { SLACK_MCP_XOXP_TOKEN: 'x' } },
  { source: 'uvx:cli-mcp-server', variables: { ALLOWED_DIR: '/tmp' } },
  { source: 'uvx:jcodemunch-mcp' },
  { source: 'uvx:markitdown-mcp' },
  {
    source: 'uvx:mcp-atlassian',
    variables: { JIRA_URL: 'https://jira.example.com', JIRA_USERNAME: 'x', JIRA_API_TOKEN: 'x' },
  },
  { source: 'uvx:mcp-server-qdrant' },
  { source: 'uvx:mcp-yahoo-finance' },
  { source: 'uvx:mysql-mcp-server' },
  { source: 'uvx:office-powerpoint-mcp-server' },
  { source: 'uvx:office-word-mcp-server' },
  { source: 'go:github.com/hashicorp/terraform-mcp-server/cmd/terraform-mcp-server' },
  { source: 'go:github.com/mark3labs/mcp-filesystem-server' },
  { source: 'go:github.com/strowk/mcp-k8s-go' },
]
