// strangers/list: packages that nobody prepared; chosen before any of them was tried, the popular and the odd.

export interface Stranger {
  source: string
  /** What `image build` told to give: options of its own, variables with any value, arguments. */
  options?: readonly string[]
  variables?: Readonly<Record<string, string>>
  args?: readonly string[]
  /** A file that a variable names, with what it holds. */
  file?: { path: string; content: string }
  /** What it cannot start without, and no container without a way out has. */
  needs?: string
  /** Chosen when the first thirty had been tried. */
  later?: boolean
}

export const STRANGERS: readonly Stranger[] = [
  {
    source: 'npx:@azure-devops/mcp',
    options: ['--allow-scripts'],
    args: ['contoso'],
    needs: 'a download from GitHub when it is built',
  },
  {
    source: 'npx:@azure/mcp',
    args: ['server', 'start'],
    variables: { DOTNET_SYSTEM_GLOBALIZATION_INVARIANT: '1' },
  },
  { source: 'npx:@brave/brave-search-mcp-server', variables: { BRAVE_API_KEY: 'x' } },
  {
    source: 'npx:@cocal/google-calendar-mcp',
    variables: { GOOGLE_OAUTH_CREDENTIALS: '/credentials.json' },
    file: {
      path: '/credentials.json',
      content: '{"installed":{"client_id":"x","client_secret":"x","redirect_uris":["http://localhost"]}}',
    },
  },
  { source: 'npx:@drawio/mcp' },
  { source: 'npx:@mastra/mcp-docs-server' },
  { source: 'npx:@shopify/dev-mcp' },
  {
    source: 'npx:@stripe/mcp',
    variables: { STRIPE_SECRET_KEY: 'rk_test_x' },
    needs: 'its service, which has the tools',
  },
  {
    source: 'npx:@supabase/mcp-server-supabase',
    variables: { SUPABASE_ACCESS_TOKEN: 'x' },
    needs: 'its service, which has the list of tools',
  },
  { source: 'npx:@winor30/mcp-server-datadog', variables: { DATADOG_API_KEY: 'x', DATADOG_APP_KEY: 'x' } },
  { source: 'npx:@zereight/mcp-gitlab', variables: { GITLAB_PERSONAL_ACCESS_TOKEN: 'x' } },
  { source: 'npx:exa-mcp-server' },
  { source: 'npx:mcp-hello-world' },
  { source: 'npx:mcp-server-code-runner' },
  { source: 'npx:n8n-mcp' },
  { source: 'npx:next-devtools-mcp' },
  { source: 'npx:nx-mcp' },
  {
    source: 'npx:slack-mcp-server',
    variables: { SLACK_MCP_XOXP_TOKEN: 'x' },
    needs: 'its service, at which it signs in when it starts',
  },
  { source: 'uvx:cli-mcp-server', options: ['--with', 'mcp<2'], variables: { ALLOWED_DIR: '/tmp' } },
  { source: 'uvx:jcodemunch-mcp' },
  { source: 'uvx:markitdown-mcp' },
  {
    source: 'uvx:mcp-atlassian',
    variables: { JIRA_URL: 'https://jira.example.com', JIRA_USERNAME: 'x', JIRA_API_TOKEN: 'x' },
  },
  { source: 'uvx:mcp-server-qdrant', needs: 'a model that it downloads when it starts' },
  { source: 'uvx:mcp-yahoo-finance' },
  { source: 'uvx:mysql-mcp-server' },
  { source: 'uvx:office-powerpoint-mcp-server', options: ['--with', 'mcp<2'] },
  { source: 'uvx:office-word-mcp-server' },
  // In place of three that the module proxy here does not give: terraform-mcp-server, mcp-filesystem-server, mcp-k8s-go.
  { source: 'go:github.com/mark3labs/mcp-go/examples/everything' },
  { source: 'go:github.com/modelcontextprotocol/go-sdk/examples/server/everything' },
  { source: 'go:github.com/modelcontextprotocol/go-sdk/examples/server/sequentialthinking' },
  // Added after those above were tried, before any of these was: they say that they do their work with no service.
  { source: 'npx:@cyanheads/git-mcp-server', options: ['--system-package', 'git'], later: true },
  { source: 'npx:@negokaz/excel-mcp-server', later: true },
  { source: 'npx:@wonderwhy-er/desktop-commander', later: true },
  { source: 'uvx:pymupdf4llm-mcp', options: ['--with', 'mcp<2'], args: ['stdio'], later: true },
  { source: 'uvx:unit-converter-mcp', later: true },
  { source: 'go:github.com/modelcontextprotocol/go-sdk/examples/server/memory', later: true },
]
